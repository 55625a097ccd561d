"""Device memory and BAR1."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import memory
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Memory of one GPU."""
    reading = gpu.memory()
    yield from memory.TOTAL.reading(reading.total)
    yield from memory.USED.reading(reading.used)
    yield from memory.RESERVED.reading(reading.reserved)
    yield from memory.FREE.reading(reading.free)


def read_bar1(gpu: Gpu) -> Iterator[Sample]:
    """BAR1 of one GPU."""
    total, used = gpu.bar1()
    yield from memory.BAR1_TOTAL.reading(total)
    yield from memory.BAR1_USED.reading(used)
