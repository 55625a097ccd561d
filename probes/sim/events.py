"""Events that the driver will report, in the order of their time."""

import heapq
import threading
from collections.abc import Callable

from probes.sim.effects import Spell

Event = tuple[int, int, int]
"""GPU, event type, data."""


class Events:
    """A queue that holds each event back until its time has come."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opened = clock()
        self._changed = threading.Condition()
        self._queue: list[tuple[float, Event]] = []

    def add(self, spell: Spell) -> None:
        """Queue what the driver reports of a fault, unless that was before the opening: who listened then heard it."""
        with self._changed:
            for at, event_type, data in spell.events():
                if at < self._opened:
                    continue
                heapq.heappush(self._queue, (at, (spell.fault.gpu, event_type, data)))
            self._changed.notify_all()

    def wait(self, timeout: float) -> Event | None:
        """The next event, None after *timeout* seconds without one."""
        with self._changed:
            if not self._due():
                self._changed.wait_for(self._due, min(timeout, self._until_next()))
            return heapq.heappop(self._queue)[1] if self._due() else None

    def _due(self) -> bool:
        return self._until_next() <= 0

    def _until_next(self) -> float:
        return self._queue[0][0] - self._clock() if self._queue else float("inf")
