"""Round numbers for axes, of values and of time."""

import math
from collections.abc import Iterable

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
# Seconds that divide a day, or are whole days.
_SPACINGS = (
    *(60, 120, 180, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 14_400, 21_600, 43_200),
    *(86_400, 172_800, 604_800),
)
_ALMOST = 1e-9


def spacing(span: float, most: int) -> float:
    """The smallest round number that divides *span* into at most *most* parts."""
    rough = span / most
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(each * magnitude for each in _ROUND if each * magnitude >= rough * (1 - _ALMOST))


def ticks(low: float, high: float, most: int = 4) -> tuple[float, ...]:
    """Round numbers from at most *low* to at least *high*, evenly spaced, about *most* steps."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    step = spacing(high - low, most)
    first = math.floor(low / step + _ALMOST)
    last = math.ceil(high / step - _ALMOST)
    return tuple(number * step for number in range(first, last + 1))


def moments(start: float, end: float, most: int = 6) -> tuple[float, ...]:
    """Round times (UTC) within a range, evenly spaced, at most *most* and one."""
    wanted = (end - start) / most
    step = next((each for each in _SPACINGS if each >= wanted), _SPACINGS[-1])
    first = math.ceil(start / step)
    return tuple(number * float(step) for number in range(first, math.floor(end / step) + 1))


def bounds(
    values: Iterable[float], floor: float | None, ceiling: float | None
) -> tuple[float, float]:
    """The lowest and highest value that an axis must show."""
    known = [*values, *(bound for bound in (floor, ceiling) if bound is not None)]
    if not known:
        return 0.0, 1.0
    return min(known), max(known)
