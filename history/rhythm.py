"""How often readings come, hence how long one of them may be believed."""

import math
from collections import deque

_PERIODS_HELD = 3
_PERIODS_REMEMBERED = 5


class Rhythm:
    """A reading holds until the next one, but at most three periods: a silent GPU is not covered.

    The period is the median of the last five intervals, so that one gap, or one reading out of turn,
    does not change it, and never more than *slowest*. Before there is an interval, a reading holds
    for one *slowest* period.
    """

    __slots__ = ("_intervals", "_slowest", "last")

    def __init__(self, slowest: float) -> None:
        self._slowest = slowest
        self._intervals: deque[float] = deque(maxlen=_PERIODS_REMEMBERED)
        self.last = -math.inf

    def beat(self, at: float) -> float:
        """Note a reading; the answer is until when it may hold."""
        interval = at - self.last
        if 0 < interval < math.inf:
            self._intervals.append(interval)
        self.last = at
        if not self._intervals:
            return at + self._slowest
        median = sorted(self._intervals)[len(self._intervals) // 2]
        return at + _PERIODS_HELD * min(median, self._slowest)
