"""The way into the driver: a call to a hung GPU stays in it until the hang is over."""

import threading
from collections.abc import Callable

from probes.sim.effects import Spell
from probes.sim.faults import Hang

_LOOK = 0.25
"""Seconds between two looks at the clock while waiting: it may be set, and in tests it jumps."""


class Gate:
    """Every question passes here. Waiting threads sleep; no one can wake them but the end of the hang."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._hangs: tuple[Spell, ...] = ()
        self._stuck: tuple[Spell, ...] = ()

    def add(self, hang: Spell) -> None:
        with self._changed:
            self._hangs = (*self._hangs, hang)
            self._changed.notify_all()

    def passed(self, gpu: int | None) -> float:
        """The time, once a question to *gpu* (None: to the whole machine) may go on."""
        now = self._clock()
        if not self._hangs:
            return now
        with self._changed:
            while (hang := self._in_the_way(gpu, now)) is not None:
                self._changed.wait(min(hang.end - now, _LOOK))
                now = self._clock()
        return now

    def hang(self, gpu: int) -> Spell | None:
        """The hang that a question to *gpu* would be stuck in now."""
        now = self._clock()
        with self._changed:
            return self._in_the_way(gpu, now)

    def _in_the_way(self, gpu: int | None, now: float) -> Spell | None:
        for hang in self._hangs:
            if hang.begin <= now < hang.end:
                if hang.fault.gpu == gpu:
                    self._sticks(hang)
                    return hang
                if hang in self._stuck:
                    return hang
        return None

    def _sticks(self, hang: Spell) -> None:
        """From its first stuck call on, a hang that blocks all is in everyone's way."""
        if isinstance(hang.fault, Hang) and hang.fault.blocks_all and hang not in self._stuck:
            self._stuck = (*self._stuck, hang)
            self._changed.notify_all()
