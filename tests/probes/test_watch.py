"""The processes on a GPU are told when they change."""

from probes.driver import Return
from probes.messages import NewProcesses
from probes.nvml_gpu import NvmlGpu
from probes.watch import ProcessWatch
from tests.probes.devices import FakeDevice, FakeDriver

COMPUTE = "nvmlDeviceGetComputeRunningProcesses_v3"
GRAPHICS = "nvmlDeviceGetGraphicsRunningProcesses_v3"


def process(pid: int) -> dict[str, int]:
    return {"pid": pid, "usedGpuMemory": 1}


class Watched:
    """A GPU and what was told of it."""

    def __init__(self) -> None:
        self.device = FakeDevice({"nvmlDeviceGetUUID": "GPU-a"})
        self.gpu = NvmlGpu(FakeDriver([self.device]), self.device, "node-7")
        self.told: list[NewProcesses] = []
        self.watch = ProcessWatch(self.gpu, self.gpu.asker, self.told.append)

    def runs(self, compute: list[int] | Return, graphics: list[int] | Return) -> None:
        for question, found in ((COMPUTE, compute), (GRAPHICS, graphics)):
            self.device.answers[question] = (
                found if isinstance(found, Return) else [process(pid) for pid in found]
            )
        self.watch.look()

    def pids(self) -> list[tuple[int, ...]]:
        return [message.pids for message in self.told]


def test_news_only() -> None:
    """Once for each change, each process once, whatever kinds of context it has."""
    watched = Watched()
    watched.runs([], [])
    watched.runs([7, 5], [5])
    watched.runs([5, 7], [7])
    watched.runs([], [])

    assert watched.pids() == [(), (5, 7), ()]
    assert {message.uuid for message in watched.told} == {"GPU-a"}


def test_a_gpu_that_cannot_tell() -> None:
    """Nobody is told that there are none; half an answer is one."""
    watched = Watched()
    watched.runs(Return.NOT_SUPPORTED, Return.NOT_SUPPORTED)
    watched.runs([5], Return.NOT_SUPPORTED)

    assert watched.pids() == [(5,)]


def test_an_error_counts_once() -> None:
    """The collector of processes counts it; here it is neither counted again nor taken for an empty GPU."""
    watched = Watched()
    watched.runs([5], [])
    watched.runs(Return.UNKNOWN, Return.UNKNOWN)

    assert watched.pids() == [(5,)]
    assert watched.gpu.asker.failures == []
