"""Events, the totals that they change and the place in the kernel log: one transaction, so that a crash tears nothing apart."""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from catalog.event import Event
from exporter.xids import Mark
from history.database import Database
from history.events import EventLog
from history.minute import Key
from history.notes import Notes
from history.totals import Totals


class EventCommits:
    """Writes to *database*.

    Args:
        log: the path of the kernel log; each has a place of its own.
    """

    def __init__(self, database: Database, log: str) -> None:
        self._database = database
        self._events = EventLog(database)
        self._totals = Totals(database)
        self._notes = Notes(database)
        self._name = f"kernel_log {log}"

    def mark(self) -> Mark | None:
        """Where an earlier process stopped, None if none did; what cannot be read is as good as none."""
        text = self._notes.read(self._name)
        try:
            return None if text is None else msgspec.json.decode(text, type=Mark)
        except msgspec.MsgspecError:
            return None

    async def record(
        self, events: Iterable[Event], totals: Mapping[Key, float], mark: Mark
    ) -> None:
        """All of it is durable when this returns.

        Raises:
            HistoryError: nothing was written; try again with the same.
        """
        await asyncio.to_thread(self._commit, tuple(events), dict(totals), mark)

    def _commit(self, events: Iterable[Event], totals: Mapping[Key, float], mark: Mark) -> None:
        with self._database.transaction():
            self._events.append(events)
            self._totals.save(totals)
            self._notes.write(self._name, msgspec.json.encode(mark).decode())
