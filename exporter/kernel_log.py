"""Follows the kernel log: reads, judges, commits, then shows. Nothing is read while what was read is not committed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from catalog.errors import HistoryError
from catalog.event import Event
from catalog.snapshot import Snapshot
from catalog.xid.policy import Policy
from exporter.commit_events import EventCommits
from exporter.xid_totals import XidTotals
from exporter.xids import Asked, Counted, Ledger, Mark, Outcome
from probes.kernel_log.pci import bus_id
from probes.kernel_log.reader import Batch, Log, Problem

logger = logging.getLogger(__name__)

_EVERY = 0.25
"""Seconds between two looks at a log that is read to its end and cannot be waited for; each costs a thread's wake-up."""
_WAITED = 5.0
"""The same of a log that tells when it has more: only its place is to be saved meanwhile."""
_NO_LOG = 1.0
"""Seconds between two looks for a log that cannot be read."""
_SAVE_PLACE = 10.0
"""Seconds after which the place in the log is saved though nothing happened."""
_RETRY = 1.0
_INTRODUCTION = 30.0
"""Seconds that a record waits for its GPU to be found: a driver may take so long to wake one."""

_TABLE = Policy()

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the watch is joined to.

    Attributes:
        steady: seconds that never jump.
        places: the UUIDs of the GPUs by PCI address, as they are known now.
        switches: told of the NVSwitches that the log told of.
        asked: what a GPU asks for itself, by its UUID.
        counted: told what was committed.
        problem: told why the log cannot be read, each time that changes; `NONE` when it can be read again.
        lost: told how many records nobody could read.
        failed: told why a commit failed; it is tried again.
        without_log: seconds between two looks for a log that cannot be read.
        at_end: seconds between two looks at a log that is read to its end, as long as somebody waits for it.
        waited: the same of a log that can be waited for, while no event of NVML waits for its twin.
    """

    steady: Clock
    places: Callable[[], Mapping[str, str]]
    switches: Callable[[Collection[str]], None]
    asked: Asked
    counted: Callable[[Sequence[Counted]], None]
    problem: Callable[[Problem], None]
    lost: Callable[[int], None]
    failed: Callable[[HistoryError], None]
    without_log: float = _NO_LOG
    at_end: float = _EVERY
    waited: float = _WAITED


class XidWatch:
    """Joins the log, the ledger, the totals and the database; begins at the mark that *commits* kept."""

    def __init__(
        self,
        log: Log,
        totals: XidTotals,
        commits: EventCommits,
        wiring: Wiring,
        policy: Policy = _TABLE,
    ) -> None:
        self._log = log
        self._totals = totals
        self._commits = commits
        self._wiring = wiring
        self._saved = commits.mark()
        self._saved_at = self._began = wiring.steady()
        self._ledger = Ledger(self._saved, policy, wiring.asked)
        self._problem = Problem.NONE
        self._wake = asyncio.Event()
        self._switches: frozenset[str] = frozenset()
        self._held: Batch | None = None
        self._caught_up = False
        self._unwritten: Outcome | None = None

    def overrule(self, policy: Policy) -> None:
        """Judge by another policy from now on."""
        self._ledger.policy = policy
        self._totals.overrule(policy)

    def nvml(self, event: Event) -> None:
        """NVML told of an Xid. Without a log to wait for, it is counted and committed at once."""
        self._ledger.told(event, self._wiring.steady())
        self._wake.set()

    async def run(self, ending: asyncio.Event) -> None:
        """Follow the log until *ending*; what could not be written then is read again after a restart."""
        ended = asyncio.create_task(ending.wait())
        while not ending.is_set():
            self._wake.clear()
            pause = await self.step()
            await self._pause(ended, pause)
        ended.cancel()
        self._saved_at = float("-inf")  # so that the place is saved, whatever happened
        await self.step()
        self._log.close()

    async def _pause(self, ended: "asyncio.Task[Literal[True]]", seconds: float) -> None:
        woken = asyncio.create_task(self._wake.wait())
        with self._waking():
            await asyncio.wait(
                (ended, woken), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        woken.cancel()

    @contextlib.contextmanager
    def _waking(self) -> Iterator[None]:
        """Be woken by the next record, where the log is read to its end and can tell."""
        descriptor = self._log.descriptor if self._caught_up else None
        if descriptor is None:
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, self._wake.set)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)

    async def step(self) -> float:
        """One look at the log; seconds until the next."""
        self._caught_up = False
        if self._unwritten and not await self._commit(self._unwritten):
            return _RETRY
        batch = await asyncio.to_thread(self._log.read) if self._held is None else self._held
        places = self._wiring.places()
        self._held = batch if self._must_wait(batch, places) else None
        if self._held:
            return _EVERY
        self._tell(batch)
        outcome = self._ledger.heard(batch, places, self._wiring.steady())
        if outcome.mark.switches != self._switches:
            self._switches = outcome.mark.switches
            self._wiring.switches(self._switches)
        if (outcome.counted or self._due(outcome.mark)) and not await self._commit(outcome):
            return _RETRY
        if batch.problem:
            return self._wiring.without_log
        self._caught_up = batch.caught_up
        return self._at_end() if batch.caught_up else 0.0

    def _at_end(self) -> float:
        idle = self._log.descriptor is not None and not self._ledger.waiting
        return self._wiring.waited if idle else self._wiring.at_end

    def _must_wait(self, batch: Batch, places: Mapping[str, str]) -> bool:
        introduced = self._wiring.steady() - self._began > _INTRODUCTION
        return not introduced and not self._ledger.knows(batch, places)

    def _tell(self, batch: Batch) -> None:
        if batch.lost:
            logger.warning("kernel_log.lost", extra={"records": batch.lost})
            self._wiring.lost(batch.lost)
        if batch.problem is not self._problem:
            self._problem = batch.problem
            if batch.error:
                logger.warning("kernel_log.unreadable", extra={"error": batch.error})
            self._wiring.problem(batch.problem)

    async def _commit(self, outcome: Outcome) -> bool:
        """Write, then show; whether it was written."""
        changed = self._totals.after(outcome.counted)
        events = [one.event for one in outcome.counted]
        try:
            await self._commits.record(events, changed, outcome.mark)
        except HistoryError as error:
            self._unwritten = outcome
            self._wiring.failed(error)
            return False
        self._unwritten = None
        self._saved, self._saved_at = outcome.mark, self._wiring.steady()
        self._totals.committed(changed)
        if outcome.counted:
            self._wiring.counted(outcome.counted)
        return True

    def _due(self, mark: Mark) -> bool:
        """The first start is saved at once, mere progress now and then."""
        if self._saved is None or mark.counting != self._saved.counting:
            return True
        return mark != self._saved and self._wiring.steady() - self._saved_at > _SAVE_PLACE


def places(snapshot: Snapshot) -> dict[str, str]:
    """The UUIDs of the GPUs by PCI address; a lost GPU keeps its own."""
    return {
        address: uuid
        for uuid, view in snapshot.gpus.items()
        if (address := bus_id(view.identity.pci_bus_id))
    }
