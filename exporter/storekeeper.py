"""Writes what must outlive the process: finished minutes, events, totals. The event loop never waits for the disk."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from catalog.errors import HistoryError
from catalog.event import Event
from catalog.metrics import exporter
from catalog.snapshot import Reading, Tier
from exporter.commit_events import EventCommits
from exporter.probe_notes import ProbeNotes
from exporter.prometheus import Instruments
from history.database import Database
from history.events import EventLog
from history.live_totals import LiveTotals
from history.minute import Key, Minute
from history.notes import Notes
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
    """One database: what is on its way to it, and what others may ask of it.

    Attributes:
        history, events: for questions; they read through a connection of their own.
        rollup: the minutes under way.

    Raises:
        ConfigError: the database in *folder* cannot be used.
    """

    def __init__(self, folder: Path, days: int, instruments: Instruments, clock: Clock) -> None:
        self._database = Database.open(folder)
        self._reader = Database.open_reader(folder)
        self._written = SqliteHistory(self._database, days=days)
        self._log = EventLog(self._database)
        self._totals = Totals(self._database)
        self._live = LiveTotals(folder)
        self._notes = Notes(self._database)
        self._noted: dict[str, Callable[[], str]] = {}
        self.history = SqliteHistory(self._reader)
        self.events = EventLog(self._reader)
        self.rollup = Rollup(self._written.last_counters())
        self._instruments = instruments
        self._clock = clock
        self._minutes: list[Minute] = []
        self._happened: list[Event] = []
        self._wake = asyncio.Event()
        # A thread of its own: questions of users must not hold up a write.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="storekeeper")
        self._expired = 0.0

    def totals(self) -> Mapping[Key, float]:
        """The totals of our own counters as they were last kept; after a power cut the older ones are all there is."""
        kept, live = self._totals.load(), self._live.load()
        return {key: max(kept.get(key, 0.0), live.get(key, 0.0)) for key in {**kept, **live}}

    def commits(self, log: str) -> EventCommits:
        """What writes events together with the totals that they change and the place in the kernel log *log*."""
        return EventCommits(self._database, log)

    def probe_notes(self) -> ProbeNotes:
        """What keeps the records of the active probes."""
        return ProbeNotes(self._database)

    def note(self, name: str, write: Callable[[], str]) -> None:
        """Keep what *write* says each time that something is written."""
        self._noted[name] = write

    def noted(self, name: str) -> str | None:
        """What was kept."""
        return self._notes.read(name)

    def happened(self, event: Event) -> None:
        """Keep *event*."""
        self._happened.append(event)
        self._wake.set()

    def keep(self, uuid: str, totals: Reading, tier: Tier = Tier.DERIVED) -> None:
        """Keep our totals of one GPU before they are shown, so that a killed exporter takes none back."""
        try:
            self._live.store(uuid, totals, tier)
        except OSError as error:
            self._failed(error)

    async def run(self, totals: Callable[[], Mapping[Key, float]], ending: asyncio.Event) -> None:
        """Write what is due and our *totals*, until *ending*; then write the rest."""
        while not ending.is_set():
            await self._write(self.rollup.due(self._clock()), totals())
            await self._pause(ending)
        await self._write(self.rollup.flush(self._clock()), totals())
        self._writer.shutdown()
        self._live.close()
        self._reader.close()
        self._database.close()

    async def _pause(self, ending: asyncio.Event) -> None:
        """Ten seconds, or until something happened."""
        waits = [asyncio.create_task(event.wait()) for event in (self._wake, ending)]
        await asyncio.wait(waits, timeout=_TOTALS_EVERY, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self._wake.clear()

    async def _write(self, minutes: Sequence[Minute], totals: Mapping[Key, float]) -> None:
        self._minutes.extend(minutes)
        notes = {name: write() for name, write in self._noted.items()}
        due = tuple(self._minutes), tuple(self._happened), dict(totals), notes
        try:
            await self._in_writer(partial(self._commit, *due))
        except HistoryError as error:
            self._failed(error)
            self._bound()
            return
        del self._minutes[: len(due[0])]
        del self._happened[: len(due[1])]
        try:
            await self._in_writer(partial(self._maintain, packing=bool(minutes)))
        except HistoryError as error:
            self._failed(error)

    async def _in_writer(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _commit(
        self,
        minutes: Sequence[Minute],
        events: Sequence[Event],
        totals: Mapping[Key, float],
        notes: Mapping[str, str],
    ) -> None:
        with self._database.transaction():
            self._written.append(minutes)
            self._log.append(events)
            self._totals.save(totals)
            for name, text in notes.items():
                self._notes.write(name, text)

    def _maintain(self, *, packing: bool) -> None:
        now = self._clock()
        if packing:
            self._written.maintain(now)
        if now - self._expired > _HOUR:
            self._expired = now
            self._log.expire(now)

    def _failed(self, error: Exception) -> None:
        self._instruments.add(exporter.HISTORY_FAILURES)
        logger.error("history.write_failed", extra={"error": str(error)})

    def _bound(self) -> None:
        """What cannot be written waits, within bounds."""
        lost = (
            max(len(self._happened) - _MOST_EVENTS, 0),
            max(len(self._minutes) - _MOST_MINUTES, 0),
        )
        if any(lost):
            logger.error("history.lost", extra={"events": lost[0], "minutes": lost[1]})
        del self._happened[: lost[0]]
        del self._minutes[: lost[1]]
