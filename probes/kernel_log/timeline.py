"""From the kernel's microseconds since the boot to seconds since 1970.

The kernel's clock is not disciplined and drifts by seconds in weeks, so records that arrive as they are written set it right.
"""

from collections.abc import Callable

Clock = Callable[[], float]

_LAG = 1.0
"""Seconds between writing and reading a record that arrives live, at most."""


class Timeline:
    """Where records lie on the wall's clock."""

    def __init__(self, wall: Clock, steady: Clock) -> None:
        self._wall = wall
        self._boot = wall() - steady()

    def at(self, monotonic_us: int, *, live: bool) -> float:
        """When it was; never in the future."""
        now = self._wall()
        since = monotonic_us / 1e6
        if live and not now - _LAG <= self._boot + since <= now:
            self._boot = now - since
        return min(self._boot + since, now)
