"""A fixed number of equal time slots in memory: the newest value of each, NaN where nothing was read."""

import math
from array import array

SPAN = 900.0
"""Seconds that are remembered."""
_LATE = 3
"""Periods after which the next value of a counter says nothing about any one slot."""


class Ring:
    """The last `SPAN` seconds of one gauge.

    Args:
        period: seconds of one slot.
    """

    __slots__ = ("_last", "_values", "period")

    def __init__(self, period: float) -> None:
        self.period = period
        self._values = array("f", [math.nan]) * math.ceil(SPAN / period)
        self._last = 0

    def put(self, at: float, value: float) -> None:
        """Keep *value*, read at *at* seconds since 1970."""
        slot, count = int(at // self.period), len(self._values)
        if abs(slot - self._last) >= count:
            self._values = array("f", [math.nan]) * count
        else:
            for missed in range(self._last + 1, slot):
                self._values[missed % count] = math.nan
        if slot > self._last or abs(slot - self._last) >= count:
            self._last = slot
        self._values[slot % count] = value

    def until(self, now: float) -> tuple[float, "array[float]"]:
        """The start of the first slot and the values of all, the one that holds *now* last."""
        slot, count = max(int(now // self.period), self._last), len(self._values)
        start = (slot - count + 1) * self.period
        behind = min(slot - self._last, count)
        cut = (self._last + 1) % count
        kept = self._values[cut:] + self._values[:cut]
        return start, kept[behind:] + array("f", [math.nan]) * behind


class Rate:
    """The last `SPAN` seconds of one counter, as its increase per second."""

    __slots__ = ("_at", "_before", "ring")

    def __init__(self, period: float) -> None:
        self.ring = Ring(period)
        self._at = -math.inf
        self._before = 0.0

    def put(self, at: float, value: float) -> None:
        """Keep the increase since the value before; a counter that fell began again at 0."""
        elapsed = at - self._at
        if 0 < elapsed <= _LATE * self.ring.period:
            gained = value - self._before if value >= self._before else value
            self.ring.put(at, gained / elapsed)
        self._at, self._before = at, value
