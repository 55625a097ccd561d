"""The real driver: `pytest -m gpu` on a machine with an NVIDIA GPU."""

import math
import time
from collections.abc import Iterator
from typing import Any

import pynvml
import pytest

from catalog.errors import DriverError, DriverMissing
from catalog.metrics import clocks, memory, power, profiling, temperature, utilization
from probes.collectors import COLLECTORS
from probes.driver import GPM, Driver, Gpm, Return
from probes.nvml import NvmlDevice, open_driver
from probes.nvml_gpu import NvmlGpu
from probes.reading import Outcome, Reader


@pytest.fixture
def driver() -> Iterator[Driver]:
    """NVML, opened and closed again."""
    driver = open_driver()
    yield driver
    driver.close()


def read(driver: Driver) -> Outcome:
    """Everything that the first GPU says, the second time it is asked: GPM averages between two readings."""
    gpu = NvmlGpu(driver, driver.devices()[0])
    reader = Reader(gpu, gpu.asker, {}, time.monotonic)
    reader.read(COLLECTORS)
    time.sleep(0.5)
    return reader.read(COLLECTORS)


def test_a_library_that_is_not_there_is_named() -> None:
    """Without a driver the message says where it was sought; this needs no GPU."""
    with pytest.raises(DriverMissing, match=r"/nowhere/libnvidia-ml\.so"):
        open_driver("/nowhere/libnvidia-ml.so")


@pytest.mark.gpu
def test_no_question_fails(driver: Driver) -> None:
    """As root every collector reads without an error, and nothing it says is rejected."""
    outcome = read(driver)

    assert outcome.failures == []
    assert outcome.rejected == []


@pytest.mark.gpu
def test_what_every_gpu_can_tell(driver: Driver) -> None:
    """Load, memory, power, temperature and clocks are there, with values that a person would believe."""
    values = {(sample.metric, sample.labels): sample.value for sample in read(driver).samples}

    assert 0 <= values[utilization.UTILIZATION, ()] <= 1
    assert 0 < values[memory.USED, ()] + values[memory.FREE, ()] <= values[memory.TOTAL, ()]
    assert 5 < values[power.NOW, ()] < 1500
    assert 10 < values[temperature.TEMPERATURE, ("gpu",)] < 110
    assert 1e8 < values[clocks.CLOCK, ("sm",)] <= values[clocks.CLOCK_MAX, ("sm",)]


@pytest.mark.gpu
def test_hopper_and_newer_tell_what_their_sms_do(driver: Driver) -> None:
    """GPM answers where it exists, and is absent elsewhere; it is never a zero that means nothing."""
    gpu = NvmlGpu(driver, driver.devices()[0])
    found = [
        sample.value for sample in read(driver).samples if sample.metric is profiling.SM_ACTIVE
    ]

    assert len(found) == (gpu.info().architecture in ("Hopper", "Blackwell"))
    assert not any(math.isnan(value) for value in found)


@pytest.mark.gpu
def test_the_identity_joins(driver: Driver) -> None:
    """A UUID, a PCI address and a model, by which others know the GPU too."""
    identity = NvmlGpu(driver, driver.devices()[0]).identity

    assert identity.uuid.startswith("GPU-")
    assert len(identity.pci_bus_id) == len("00000000:00:00.0")
    assert identity.model.startswith("NVIDIA")


@pytest.mark.gpu
def test_waiting_for_events_ends(driver: Driver) -> None:
    """Without an event the wait returns, so that the child can end."""
    driver.devices()

    assert driver.wait_event(0.2) is None


class Library:
    """What pynvml finds of NVML's library: GPM, whose samples are counted and can be refused."""

    def __init__(self) -> None:
        self.held = 0
        self.refuses = Return.SUCCESS

    def nvmlGpmQueryDeviceSupport(self, _device: object, support: Any) -> int:  # noqa: N802 - as in nvml.h
        support._obj.isSupportedDevice = 1
        return Return.SUCCESS

    def nvmlGpmSampleAlloc(self, _sample: object) -> int:  # noqa: N802
        self.held += 1
        return Return.SUCCESS

    def nvmlGpmSampleFree(self, _sample: object) -> int:  # noqa: N802
        self.held -= 1
        return Return.SUCCESS

    def nvmlGpmSampleGet(self, _device: object, _sample: object) -> int:  # noqa: N802
        return self.refuses

    def nvmlGpmMetricsGet(self, _request: object) -> int:  # noqa: N802
        return Return.SUCCESS


def test_a_sample_that_fails_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often GPM refuses, the driver's memory for samples does not grow; afterwards it goes on."""
    library = Library()
    monkeypatch.setattr(pynvml, "nvmlLib", library)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    device = NvmlDevice(0, None)
    with pytest.raises(DriverError):
        device.ask(GPM, Gpm.SM_UTIL)  # The first only begins an average.

    library.refuses = Return.UNKNOWN
    for _ in range(5):
        with pytest.raises(DriverError):
            device.ask(GPM, Gpm.SM_UTIL)

    assert library.held == 1
    library.refuses = Return.SUCCESS
    assert device.ask(GPM, Gpm.SM_UTIL)
    assert library.held == 1
