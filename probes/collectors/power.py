"""Power, its limits, energy."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import power
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Power of one GPU."""
    reading = gpu.power()
    yield from power.NOW.reading(reading.now)
    yield from power.AVERAGE.reading(reading.average)


def read_limits(gpu: Gpu) -> Iterator[Sample]:
    """Power limits of one GPU."""
    for limit, watts in gpu.power_limits().items():
        yield from power.LIMIT.reading(watts, limit=limit)


def read_energy(gpu: Gpu) -> Iterator[Sample]:
    """Energy of one GPU."""
    yield from power.ENERGY.reading(gpu.energy_joules())
