"""How fast pinned host memory goes to the GPU and back, one way and both at once.

CUDA does not tell a link's generation, so there is no peak here: whoever knows the link by NVML has it.
"""

from collections.abc import Callable
from typing import Any

from catalog.probe import Measurement
from cuda_probes.findings import Findings, bandwidth
from cuda_probes.run import Run

SIZE = 64 << 20
"""Long enough to reach the link's rate, at 55 GB/s within the 2 ms that a launch may take."""
_REPEATS = 12


def probe(run: Run) -> Findings:
    """To the GPU, from it, and the sum of both at once."""
    gpu, size = run.gpu, run.order.limits.memory_bytes or SIZE
    there, back = gpu.pinned(size), gpu.pinned(size)
    there[:] = 0xA5
    inward, outward = gpu.allocate(size), gpu.allocate(size)
    works: dict[str, Callable[[], None]] = {
        "host_to_device": lambda: gpu.copy_in(inward, there),
        "device_to_host": lambda: gpu.copy_out(back, outward),
    }
    # The first of each is not counted: it meets a link that still sleeps.
    one_way = (
        bandwidth(name, size, run.timed([work] * (_REPEATS + 1))[1:])
        for name, work in works.items()
    )
    return Findings(measurements=(*one_way, _both(run, size, (there, inward), (back, outward))))


def _both(run: Run, size: int, way_in: tuple[Any, int], way_out: tuple[Any, int]) -> Measurement:
    gpu = run.gpu
    first, second = gpu.stream(), gpu.stream()

    def work() -> None:
        gpu.wait_for(gpu.mark(first), second)
        gpu.copy_in(way_in[1], way_in[0], first)
        gpu.copy_out(way_out[0], way_out[1], second)
        gpu.wait_for(gpu.mark(second), first)

    return bandwidth("both", 2 * size, run.timed([work] * (_REPEATS + 1), first)[1:])
