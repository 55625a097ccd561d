"""How much of a GPU's time its probes may still take: a bucket that fills at the budget's rate and holds an hour's worth."""

from probes.active.pace import Pace

_HOUR = 3600.0


class Budget:
    """GPU-seconds of one GPU; all times are of one clock that never jumps.

    Over any hour no more is spent than the bucket holds and what flows in: at most twice the budget in the hour after a
    start, the budget in the long run. A run that takes longer than expected makes debt, which the next runs wait for.
    """

    def __init__(self, pace: Pace, now: float) -> None:
        self._most = pace.budget
        self._level = pace.budget
        self._at = now

    def left(self, now: float) -> float:
        """GPU-seconds that may be spent now."""
        flown = max(now - self._at, 0.0) * self._most / _HOUR
        return min(self._most, self._level + flown)

    def spend(self, seconds: float, now: float) -> None:
        """A run took *seconds*."""
        self._level = self.left(now) - seconds
        self._at = now

    def repace(self, pace: Pace, now: float) -> None:
        """Another budget from now on; what was spent stays spent."""
        spent = self._most - self.left(now)
        self._most = pace.budget
        self._level = pace.budget - spent
        self._at = now
