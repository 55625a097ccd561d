"""Seconds free, allocated and idle, allocated and active."""

import pytest

from catalog.metrics import allocation, profiling, utilization
from catalog.snapshot import GpuView, Identity, Layout, Reading, Tier
from exporter.attribution.seconds import AllocationSeconds
from exporter.integrals import Integrals
from history.minute import Key
from tests.exporter.attribution.node import ZERO, reading


class Gpu:
    """One GPU that is read once a second."""

    def __init__(self, integrals: Integrals | None = None) -> None:
        self.integrals = integrals or Integrals({})
        self.seconds = AllocationSeconds(self.integrals)
        self.view = GpuView(
            identity=Identity(uuid=ZERO, index=0, model="", pci_bus_id=""), state="ok"
        )
        self.at = 100.0

    def know(self, share: float | None) -> None:
        self.seconds.know(ZERO, share)

    def sm_active(self, value: float) -> None:
        told = reading((profiling.SM_ACTIVE, ()), value=value)
        self.view = self.view.with_reading(Tier.MEDIUM, told)

    def read(self, seconds: float = 1.0, utilised: float | None = 0.0) -> None:
        self.at += seconds
        series = () if utilised is None else ((utilization.UTILIZATION, ()),)
        values = () if utilised is None else (utilised,)
        self.seconds.observe(self.view, Reading(at=self.at, layout=Layout(series), values=values))

    def told(self) -> dict[str, float]:
        """The seconds of each state that is there."""
        shown = self.integrals.reading(ZERO, self.at)
        return {
            sample.labels[0]: sample.value
            for sample in shown.samples()
            if sample.metric is allocation.SECONDS
        }


@pytest.fixture
def gpu() -> Gpu:
    """Read once."""
    gpu = Gpu()
    gpu.read()
    return gpu


def test_without_anybody_who_knows_there_is_no_series(gpu: Gpu) -> None:
    """No wrong zeros."""
    gpu.know(None)
    gpu.read()

    assert gpu.told() == {}


def test_all_states_are_there_at_0_from_the_start(gpu: Gpu) -> None:
    """Prometheus loses the first increment of a series that was not there."""
    gpu.know(0.0)

    assert gpu.told() == dict.fromkeys(allocation.STATES, 0.0)


def test_free_then_taken(gpu: Gpu) -> None:
    """Each second counts in the state that holds."""
    gpu.know(0.0)
    gpu.read()
    gpu.know(1.0)
    gpu.read(utilised=0.0)
    gpu.read(utilised=0.5)
    gpu.read(utilised=0.5)

    told = gpu.told()
    assert told == {
        "free": 1.0,
        "allocated_idle": 1.0,
        "allocated_active": 2.0,
        "allocated_unknown": 0.0,
    }


def test_active_is_what_the_sms_say(gpu: Gpu) -> None:
    """A GPU that only copies is idle where GPM tells, whatever its utilisation."""
    gpu.know(1.0)
    gpu.sm_active(0.0)
    gpu.read(utilised=0.75)
    gpu.sm_active(0.4)
    gpu.read(utilised=0.0)

    assert gpu.told()["allocated_idle"] == 1.0
    assert gpu.told()["allocated_active"] == 1.0


def test_a_gpu_that_tells_neither(gpu: Gpu) -> None:
    """Under MIG it is allocated, and nobody says more; instances share the second."""
    gpu.know(0.75)
    gpu.read(utilised=None)

    assert gpu.told()["allocated_unknown"] == 0.75
    assert gpu.told()["free"] == 0.25


def test_a_time_that_nobody_saw_counts_nowhere(gpu: Gpu) -> None:
    """A hung GPU, a reader that restarted, an attribution that was too old."""
    gpu.know(1.0)
    gpu.read(seconds=60)
    gpu.know(None)
    gpu.read()
    gpu.know(0.0)
    gpu.read()

    assert sum(gpu.told().values()) == 1.0
    assert gpu.told()["free"] == 1.0


def test_they_go_on_after_a_restart() -> None:
    """From what was kept, and not before somebody knows again."""
    gpu = Gpu(Integrals({Key(ZERO, allocation.SECONDS, ("free",)): 3600.0}))
    gpu.read()
    assert gpu.told() == {}

    gpu.know(0.0)
    gpu.read()
    assert gpu.told()["free"] == 3601.0
