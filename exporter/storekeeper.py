"""Writes what must outlive the process: finished minutes, events, totals. The event loop never waits for the disk."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from catalog.errors import HistoryError
from catalog.event import Event
from catalog.metrics import exporter
from exporter.integrals import Integrals
from exporter.prometheus import Instruments
from history.database import Database
from history.events import EventLog
from history.minute import Key, Minute
from history.rollup import Rollup
from history.sqlite import SqliteHistory
from history.totals import Totals

logger = logging.getLogger(__name__)

_TOTALS_EVERY = 10.0
"""Seconds of our integrals that a crash may lose (DESIGN.md, section 5)."""
_MOST_EVENTS = 10_000
_MOST_MINUTES = 100_000
"""What waits while the disk refuses it; beyond that the oldest is lost, and the loss is logged."""
_HOUR = 3600.0

Clock = Callable[[], float]


class Storekeeper:
    """One database and what is on its way to it.

    Raises:
        ConfigError: the database in *folder* cannot be used.
    """

    def __init__(self, folder: Path, days: int, instruments: Instruments, clock: Clock) -> None:
        self._database = Database.open(folder)
        self.history = SqliteHistory(self._database, days=days)
        self.events = EventLog(self._database)
        self.rollup = Rollup(self.history.last_counters())
        self._totals = Totals(self._database)
        self._instruments = instruments
        self._clock = clock
        self._minutes: list[Minute] = []
        self._happened: list[Event] = []
        self._wake = asyncio.Event()
        self._expired = 0.0

    def totals(self) -> Mapping[Key, float]:
        """The totals of our own counters as they were last written."""
        return self._totals.load()

    def happened(self, event: Event) -> None:
        """Keep *event*."""
        self._happened.append(event)
        self._wake.set()

    async def run(self, integrals: Integrals) -> None:
        """Write what is due, until cancelled; then write the rest."""
        try:
            while True:
                await self._write(self.rollup.due(self._clock()), integrals.totals)
                await self._pause()
        finally:
            await self._write(self.rollup.flush(self._clock()), integrals.totals)
            self._database.close()

    async def _pause(self) -> None:
        """Ten seconds, or until something happened."""
        try:
            await asyncio.wait_for(self._wake.wait(), _TOTALS_EVERY)
        except TimeoutError:
            return
        self._wake.clear()

    async def _write(self, minutes: Sequence[Minute], totals: Mapping[Key, float]) -> None:
        self._minutes.extend(minutes)
        events, self._happened = self._happened, []
        try:
            await asyncio.to_thread(self._commit, tuple(self._minutes), events, dict(totals))
        except HistoryError as error:
            self._keep(events)
            self._instruments.add(exporter.HISTORY_FAILURES)
            logger.error("history.write_failed", extra={"error": str(error)})
        else:
            self._minutes.clear()

    def _commit(
        self, minutes: Sequence[Minute], events: Sequence[Event], totals: Mapping[Key, float]
    ) -> None:
        now = self._clock()
        with self._database.transaction():
            self.history.append(minutes)
            self.events.append(events)
            self._totals.save(totals)
        if minutes:
            self.history.maintain(now)
        if now - self._expired > _HOUR:
            self._expired = now
            self.events.expire(now)

    def _keep(self, events: Sequence[Event]) -> None:
        """Hold what could not be written, within bounds."""
        self._happened[:0] = events
        lost = (
            max(len(self._happened) - _MOST_EVENTS, 0),
            max(len(self._minutes) - _MOST_MINUTES, 0),
        )
        if any(lost):
            logger.error("history.lost", extra={"events": lost[0], "minutes": lost[1]})
        del self._happened[: lost[0]]
        del self._minutes[: lost[1]]
