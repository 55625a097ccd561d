"""When which probe is due on which GPU. One due time per slot, each with a jitter that follows from the seed."""

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from probes.active.pace import Pace
from probes.active.task import BY_NAME

_JITTER = 0.1
"""Share of the period by which a run comes early or late, so that no two exporters march in step."""


class Slot(NamedTuple):
    """A task on a GPU."""

    uuid: str
    task: str


@dataclass(slots=True)
class _Entry:
    due: float
    count: int = 0
    owed: bool = False


class Schedule:
    """The due times; all times are of one clock that never jumps.

    Args:
        seed: spreads the runs; the same seed gives the same times.
    """

    def __init__(self, seed: int, pace: Pace) -> None:
        self._seed = seed
        self._pace = pace
        self._entries: dict[Slot, _Entry] = {}

    def plan(
        self, slots: Collection[Slot], now: float, ages: Mapping[Slot, float] | None = None
    ) -> None:
        """Schedule *slots* and no others; those that are scheduled already keep their time.

        Args:
            slots: what is to run.
            now: the time.
            ages: seconds since the last run of a slot, where an earlier process or plan knows of one.
        """
        known = self._entries
        self._entries = {
            slot: known.get(slot) or self._new(slot, now, (ages or {}).get(slot)) for slot in slots
        }

    def repace(self, pace: Pace, now: float) -> None:
        """Go on at another pace: nothing is due later than a period from now."""
        self._pace = pace
        for slot, entry in self._entries.items():
            entry.due = min(entry.due, now + self._interval(slot, entry.count))

    def next(self) -> tuple[float, Slot] | None:
        """The slot that is due first, and when; None if nothing is scheduled."""
        if not self._entries:
            return None
        slot = min(self._entries, key=lambda slot: self._entries[slot].due)
        return self._entries[slot].due, slot

    def due(self, slot: Slot) -> float | None:
        """When *slot* is due, None if it is not scheduled."""
        entry = self._entries.get(slot)
        return entry.due if entry else None

    def done(self, slot: Slot, now: float, *, owed: bool = False) -> None:
        """*slot* had its turn; *owed*: it was skipped for what the GPU did and should be made up for."""
        entry = self._entries.get(slot)
        if entry:
            entry.count += 1
            entry.owed = owed
            entry.due = now + self._interval(slot, entry.count)

    def make_up(self, uuid: str, now: float) -> bool:
        """The GPU has become idle: what it owes is due now; whether it owes anything."""
        owed = [entry for slot, entry in self._entries.items() if slot.uuid == uuid and entry.owed]
        for entry in owed:
            entry.owed = False
            entry.due = min(entry.due, now)
        return bool(owed)

    def _new(self, slot: Slot, now: float, age: float | None) -> _Entry:
        """After a restart the period goes on; what never ran is introduced soon."""
        first = now + self._pace.settle
        if age is None:
            return _Entry(due=first + self._pace.introduction * self._chance(slot, 0))
        return _Entry(due=max(first, now - age + self._interval(slot, 0)))

    def _interval(self, slot: Slot, count: int) -> float:
        period = self._pace.period(BY_NAME[slot.task].probe_class)
        return period * (1 - _JITTER + 2 * _JITTER * self._chance(slot, count))

    def _chance(self, slot: Slot, count: int) -> float:
        """Between 0 and 1, the same for the same seed."""
        return zlib.crc32(f"{self._seed} {slot.uuid} {slot.task} {count}".encode()) / 2**32
