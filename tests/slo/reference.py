"""What an objective's events are, counted without PromQL: the positive differences of the samples that were scraped."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

Samples = Sequence[tuple[float, float]]
"""When a counter was scraped, and what it had reached."""


def events(series: Iterable[Samples], start: float, end: float) -> float:
    """What all *series* gained after *start* up to *end*; a counter that fell began at 0 again."""
    return sum(_gained(samples, start, end) for samples in series)


def _gained(samples: Samples, start: float, end: float) -> float:
    before = [value for at, value in samples if at <= start][-1:]
    during = [value for at, value in samples if start < at <= end]
    return sum(
        value - last if value >= last else value for last, value in pairwise([*before, *during])
    )
