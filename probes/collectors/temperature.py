"""Temperatures, margin, thresholds, fans."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import temperature
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Temperatures of one GPU and the speed of its fans."""
    for sensor, celsius in gpu.temperatures().items():
        yield from temperature.TEMPERATURE.reading(celsius, sensor=sensor)
    yield from temperature.MARGIN.reading(gpu.temperature_margin())
    for fan, ratio in enumerate(gpu.fans()):
        yield from temperature.FAN.reading(ratio, fan=str(fan))


def read_thresholds(gpu: Gpu) -> Iterator[Sample]:
    """Temperature thresholds of one GPU."""
    for threshold, celsius in gpu.temperature_thresholds().items():
        yield from temperature.THRESHOLD.reading(celsius, threshold=threshold)
