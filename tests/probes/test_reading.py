"""How one reading survives what drivers answer."""

from collections.abc import Iterator

import pytest

from catalog.errors import GpuLost
from catalog.metric import Sample
from catalog.metrics import memory, power, processes
from catalog.snapshot import Tier
from probes.collectors import COLLECTORS, Collector
from probes.driver import Answer, Return
from probes.gpu import Gpu
from probes.nvml_gpu import NvmlGpu
from probes.reading import Outcome, Reader
from tests.probes.devices import FakeDevice, FakeDriver, Question, rich

BY_NAME = {collector.name: collector for collector in COLLECTORS}


class Ticks:
    """A clock that a second passes on between two looks."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 1.0
        return self._now


def read(
    device: FakeDevice, *collectors: Collector, budgets: dict[str, int] | None = None
) -> Outcome:
    """One reading of *device*."""
    gpu = NvmlGpu(FakeDriver(), device)
    return Reader(gpu, gpu.asker, budgets or {}, Ticks()).read(collectors)


def answering(answers: dict[Question, Answer]) -> FakeDevice:
    """A rich GPU but for *answers*."""
    device = rich()
    device.answers.update(answers)
    return device


def test_each_collector_is_timed() -> None:
    """The seconds of every collector are kept, whether it read anything or not."""
    outcome = read(FakeDevice(), BY_NAME["memory"], BY_NAME["power"])

    assert outcome.durations == [("memory", 1.0), ("power", 1.0)]
    assert outcome.samples == []


def test_a_blank_is_rejected_and_counted() -> None:
    """A blank is no sample; the others of its collector are."""
    info = {"total": 2**30, "used": 2**64 - 1, "reserved": 0, "free": 2**20}
    outcome = read(answering({"nvmlDeviceGetMemoryInfo_v2": info}), BY_NAME["memory"])

    assert outcome.rejected == [("memory", memory.USED.name, "blank")]
    assert Sample(memory.TOTAL, 2.0**30) in outcome.samples
    assert memory.USED not in {sample.metric for sample in outcome.samples}


def test_an_impossible_value_is_rejected_and_counted() -> None:
    """21 kW is nothing that a GPU draws."""
    outcome = read(answering({"nvmlDeviceGetPowerUsage": 21_000_000}), BY_NAME["power"])

    assert outcome.rejected == [("power", power.NOW.name, "out_of_range")]


def test_a_budget_keeps_the_largest_processes() -> None:
    """Series beyond a family's budget are left out and counted."""
    outcome = read(rich(), BY_NAME["process_memory"], budgets={processes.MEMORY.name: 1})

    assert outcome.samples == [Sample(processes.MEMORY, 2.0**30, ("4712",))]
    assert outcome.dropped == {processes.MEMORY.name: 1}


def test_an_error_costs_one_question() -> None:
    """What the driver refuses is counted with its collector; the rest is read."""
    outcome = read(
        answering({"nvmlDeviceGetPowerUsage": Return.UNKNOWN}), BY_NAME["power"], BY_NAME["memory"]
    )

    assert outcome.failures == [("power", "unknown")]
    assert {sample.metric for sample in outcome.samples} >= {power.AVERAGE, memory.USED}


def test_an_answer_of_a_shape_nobody_foresaw_costs_one_collector() -> None:
    """A driver that changes a structure breaks what reads it, and nothing else."""
    outcome = read(
        answering({"nvmlDeviceGetRemappedRows": [1, 2]}), BY_NAME["repairs"], BY_NAME["memory"]
    )

    assert outcome.failures == [("repairs", "ValueError")]
    assert memory.USED in {sample.metric for sample in outcome.samples}


def test_what_was_read_before_a_collector_broke_is_kept() -> None:
    """Nothing is lost that was read before."""

    def breaks(_gpu: Gpu) -> Iterator[Sample]:
        yield Sample(power.NOW, 1.0)
        raise IndexError

    outcome = read(rich(), Collector("broken", Tier.FAST, breaks))

    assert outcome.samples == [Sample(power.NOW, 1.0)]
    assert outcome.failures == [("broken", "IndexError")]


def test_a_lost_gpu_ends_the_reading() -> None:
    """Its other collectors are not asked."""
    with pytest.raises(GpuLost):
        read(answering({"nvmlDeviceGetPowerUsage": Return.GPU_IS_LOST}), BY_NAME["power"])
