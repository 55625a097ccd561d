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


def read_memory(gpu: Gpu) -> Iterator[Sample]:
    """Memory of each compute process, the largest first, so that a budget keeps those that matter."""
    found = gpu.compute_processes() or ()
    for process in sorted(found, key=lambda process: -(process.memory_bytes or 0)):
        yield from processes.MEMORY.reading(process.memory_bytes, pid=str(process.pid))


def _count(found: tuple[object, ...] | None) -> int | None:
    return None if found is None else len(found)
