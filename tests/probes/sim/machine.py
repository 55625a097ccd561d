"""A simulated machine on a clock that a test moves, seen through the decoder."""

from collections.abc import Iterator, Mapping

from probes.collectors import COLLECTORS
from probes.driver import Answer, Device
from probes.nvml_gpu import NvmlGpu
from probes.sim.board import GpuSpec
from probes.sim.driver import SimDriver
from probes.sim.faults import Fault
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from probes.sim.workload import Profile

START = 1_795_472_504.3
"""Early in a minute of training, not in a checkpoint."""


class Clock:
    """Seconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Machine:
    """GPUs of the named models; `run` lets time pass."""

    def __init__(
        self,
        *models: str,
        workload: str = "training",
        seed: int = 0,
        faults: tuple[Fault, ...] = (),
        mig: bool = False,
    ) -> None:
        specs = tuple(
            GpuSpec(model=MODELS[model], workload=Profile(workload), mig=mig) for model in models
        )
        self.clock = Clock()
        self.driver = SimDriver(Scenario(gpus=specs, seed=seed, faults=faults), self.clock)
        self.devices = self.driver.devices()
        self.gpus = [NvmlGpu(self.driver, device) for device in self.devices]

    def run(self, seconds: float) -> None:
        self.clock.now += seconds

    def inject(self, kind: str, gpu: int = 0, **fields: object) -> None:
        self.driver.inject({"gpu": gpu, "kind": kind, **fields})

    def readings(self, gpu: int = 0) -> Mapping[tuple[str, ...], float]:
        """All that the collectors say of one GPU, by series."""
        return {
            (sample.metric.name, *sample.labels): sample.value
            for collector in COLLECTORS
            for sample in collector.read(self.gpus[gpu])
        }


class Recorder:
    """A device that notes what it is asked; implements `probes.driver.Device`."""

    def __init__(self, device: Device) -> None:
        self.index = device.index
        self.asked: list[tuple[str, tuple[int, ...]]] = []
        self._device = device

    def ask(self, question: str, *args: int) -> Answer:
        self.asked.append((question, args))
        return self._device.ask(question, *args)

    def mig_devices(self) -> list["Recorder"]:
        return [Recorder(device) for device in self._device.mig_devices()]


def changed(
    before: Mapping[tuple[str, ...], float], after: Mapping[tuple[str, ...], float]
) -> Iterator[tuple[str, ...]]:
    """The series that differ, or are in only one of both; NaN equals NaN."""
    for series in before.keys() | after.keys():
        if repr(before.get(series)) != repr(after.get(series)):
            yield series
