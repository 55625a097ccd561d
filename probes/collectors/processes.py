"""Who has a context."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import processes
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Processes of one GPU by type."""
    compute, graphics = gpu.compute_processes(), gpu.graphics_processes()
    yield from processes.COUNT.reading(_count(compute), type="compute")
    yield from processes.COUNT.reading(_count(graphics), type="graphics")


def read_mps(gpu: Gpu) -> Iterator[Sample]:
    """Processes that compute through an MPS server; they come and go with it, so once a minute will do."""
    yield from processes.COUNT.reading(_count(gpu.mps_processes()), type="mps")


def read_memory(gpu: Gpu) -> Iterator[Sample]:
    """Memory of each compute process, the largest first, so that a budget keeps those that matter."""
    used: dict[int, float] = {}
    for process in (
        gpu.compute_processes() or ()
    ):  # One is there twice if it has two contexts or MIG instances.
        if process.memory_bytes is not None:
            used[process.pid] = used.get(process.pid, 0.0) + process.memory_bytes
    for pid in sorted(used, key=lambda pid: -used[pid]):
        yield from processes.MEMORY.reading(used[pid], pid=str(pid))


def _count(found: tuple[object, ...] | None) -> int | None:
    return None if found is None else len(found)
