"""Clocks, performance state, and why the clocks are not higher."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import clocks
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Clocks of one GPU and what holds them down."""
    for clock, hertz in gpu.clocks().items():
        yield from clocks.CLOCK.reading(hertz, clock=clock)
    yield from clocks.PERFORMANCE_STATE.reading(gpu.performance_state())
    active = gpu.clock_events()
    if active is not None:
        for reason in clocks.REASONS:
            yield from clocks.EVENT_ACTIVE.reading(reason in active, reason=reason)


def read_event_seconds(gpu: Gpu) -> Iterator[Sample]:
    """The driver's own counters of time held down; the exporter integrates the reasons that have none."""
    for reason, seconds in gpu.clock_event_seconds().items():
        yield from clocks.EVENT_SECONDS.reading(seconds, reason=reason)


def read_max(gpu: Gpu) -> Iterator[Sample]:
    """Highest clocks of one GPU."""
    for clock, hertz in gpu.max_clocks().items():
        yield from clocks.CLOCK_MAX.reading(hertz, clock=clock)
