"""What a quantity usually is on one GPU, learned from its first healthy runs, and how far from that is too far."""

from collections.abc import Sequence
from statistics import median

RUNS = 8
"""Healthy runs that make a baseline."""
_SIGMAS = 5
_MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution, in standard deviations, is 1 over this."""
_LEAST = 0.02
"""Of the median: what is closer than this is never a deviation, however quiet the GPU is."""


def limit(values: Sequence[float]) -> float:
    """How far from the median of *values* one may lie."""
    middle = median(values)
    mad = median(abs(value - middle) for value in values)
    return max(_SIGMAS * _MAD_TO_SIGMA * mad, _LEAST * abs(middle))


def worse(value: float, values: Sequence[float], *, higher_is_better: bool) -> bool:
    """Whether *value* deviates from *values* to the bad side; better than usual is no deviation."""
    distance = median(values) - value
    return (distance if higher_is_better else -distance) > limit(values)


def learned(values: Sequence[float]) -> bool:
    """Whether the baseline is complete: only then does it say anything, and it changes no more."""
    return len(values) >= RUNS


def typical(values: Sequence[float]) -> float | None:
    """The median of a complete baseline; None while it is being learned."""
    return median(values) if learned(values) else None
