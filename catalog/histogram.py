"""What a histogram of a GPU is made of: cumulative buckets, their count, the sum. Each part is a series of its own."""

from bisect import bisect_left
from collections.abc import Iterable

from catalog.metric import Metric

INFINITE, COUNT, SUM = "+Inf", "count", "sum"


def parts(metric: Metric) -> tuple[str, ...]:
    """The names of the parts, in the order in which they are exported."""
    return (*map(str, metric.buckets), INFINITE, COUNT, SUM)


def bucket(metric: Metric, value: float) -> int:
    """The place among `parts` of the lowest bucket that holds *value*."""
    return bisect_left(metric.buckets, value)


def increases(metric: Metric, values: Iterable[float]) -> tuple[float, ...]:
    """How much each part grows when *values* are observed."""
    held = [0.0] * (len(metric.buckets) + 1)
    total = 0.0
    for value in values:
        held[bucket(metric, value)] += 1
        total += value
    below = [sum(held[: place + 1]) for place in range(len(held))]
    return (*below, below[-1], total)
