"""How busy the engines are."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import utilization
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Utilisation of each engine of one GPU."""
    reading = gpu.utilization()
    yield from utilization.UTILIZATION.reading(reading.gpu)
    yield from utilization.MEMORY_CONTROLLER.reading(reading.memory)
    yield from utilization.ENCODER.reading(reading.encoder)
    yield from utilization.DECODER.reading(reading.decoder)
    yield from utilization.JPEG.reading(reading.jpeg)
    yield from utilization.OFA.reading(reading.ofa)
