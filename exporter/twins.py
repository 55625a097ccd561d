"""One Xid, told twice: by NVML and by the kernel log. Which of the two counts.

A record of the kernel log counts at once. An event of NVML waits for its twin and counts only without one; a twin that comes
too late does not count again. Each pairs with one other, so that a burst is counted exactly.
"""

import math
from collections import Counter, deque

from catalog.event import Event

PATIENCE = 1.0
"""Seconds that an event of NVML waits for its twin."""
_MEMORY = 60.0
"""Seconds for which the first of two twins is remembered: while the log can be read, NVML tells nothing that it does not."""
_MOST = 10_000
"""Events that wait, at most: NVML's own queue is shorter."""

What = tuple[str, int]
"""The GPU and the code."""


class Twins:
    """Pairs what two sources tell; used with one clock that never jumps.

    Attributes:
        dropped: events of NVML that found no room to wait.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[tuple[float, What, Event]] = deque()
        self._recorded = _Credits()
        self._counted = _Credits()

    @property
    def waiting(self) -> bool:
        """Whether any event of NVML waits."""
        return bool(self._waiting)

    def recorded(self, what: What, now: float) -> bool:
        """Whether a record of the kernel log counts."""
        if self._counted.take(what):
            return False
        self._recorded.add(what, now)
        return True

    def told(self, what: What, event: Event, now: float) -> None:
        """NVML told *event*: it waits."""
        if len(self._waiting) < _MOST:
            self._waiting.append((now, what, event))
        else:
            self.dropped += 1

    def alone(self, now: float, patience: float = PATIENCE) -> list[tuple[What, Event]]:
        """The events that have waited for *patience* and have no twin: they count.

        Call it when the log has been read to its end, else a twin that waits to be read would count too; without patience
        when there is no log to read.
        """
        found = []
        while self._waiting and now - self._waiting[0][0] >= patience:
            _, what, event = self._waiting.popleft()
            if not self._recorded.take(what):
                self._counted.add(what, now)
                found.append((what, event))
        self._recorded.forget(now)
        self._counted.forget(now)
        return found


class _Credits:
    """How many of each kind are unpaired; those of one second share an entry, so that a burst takes no room."""

    def __init__(self) -> None:
        self._left: Counter[What] = Counter()
        self._added: deque[tuple[int, Counter[What]]] = deque()

    def add(self, what: What, now: float) -> None:
        second = math.floor(now)
        if not self._added or self._added[-1][0] != second:
            self._added.append((second, Counter()))
        self._added[-1][1][what] += 1
        self._left[what] += 1

    def take(self, what: What) -> bool:
        """Use the oldest one up, if there is any."""
        if not self._left[what]:
            return False
        self._left[what] -= 1
        for _, counts in self._added:
            if counts[what]:
                counts[what] -= 1
                break
        return True

    def forget(self, now: float) -> None:
        """Those that nobody took within the memory."""
        while self._added and self._added[0][0] < now - _MEMORY:
            _, counts = self._added.popleft()
            self._left -= counts
