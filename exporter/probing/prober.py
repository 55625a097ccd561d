"""Runs the active probes of a node: waits for the next that is due, asks whether it may run, runs it.

One child at a time on the whole node, so that neither the host nor a link between GPUs carries two. Between two turns this
is one timer.
"""

import asyncio
import contextlib
import logging

from catalog.metrics import exporter
from catalog.probe import Probe
from catalog.probe_skip import Skip
from catalog.snapshot import Tier
from exporter.probing.admission import partner, refusal
from exporter.probing.conclusion import conclude
from exporter.probing.patient import Patient
from exporter.probing.run import Plan, Run, run
from exporter.probing.settings import Settings
from exporter.probing.totals import AT_ZERO
from exporter.probing.ward import Ward
from probes.active import gate
from probes.active.facts import facts
from probes.active.schedule import Schedule, Slot
from probes.active.task import BY_NAME, Task
from probes.worker import PERIODS

logger = logging.getLogger(__name__)

_GONE = 1.0
"""Seconds that a child gets to end when the exporter does; after that it ends by itself."""
_STRETCH = 3 * PERIODS[Tier.MEDIUM]
"""Seconds between two looks at a GPU that still make one stretch of eligibility."""
_IDLE_TASK = BY_NAME[Probe.MEMORY_BANDWIDTH.value]
"""What needs an idle GPU most."""


class Prober:
    """The active probes of a node.

    Args:
        seed: spreads the runs.
    """

    def __init__(self, ward: Ward, settings: Settings, seed: int) -> None:
        self.ward = ward
        self._settings = settings
        self._schedule = Schedule(seed, settings.pace)
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._released = False
        self._closed = False

    # -- what happens outside ------------------------------------------------------------------------------------------

    def welcome(self, uuid: str) -> None:
        """A GPU told who it is."""
        if self._settings.child is None:
            return
        now = self._now()
        if self._released:
            self._released = False
            self._stop.clear()
            for patient in self.ward.patients.values():
                patient.found_at = now
        patient = self.ward.admit(uuid, self._settings.pace)
        self._plan()
        self.ward.show_again(patient)

    def observe(self, uuid: str) -> None:
        """New readings of a GPU: count the time in which it could be probed, and make up for what was skipped."""
        patient, view = self.ward.patients.get(uuid), self.ward.view(uuid)
        if patient is None or view is None:
            return
        now, pace = self._now(), self._settings.pace
        before, patient.looked_at = patient.looked_at, now
        if gate.unfit(_IDLE_TASK, facts(view), self.ward.wiring.lab.wall(), pace):
            patient.eligible_since = None
            return
        if patient.eligible_since is None:
            patient.eligible_since = now
        elif before is not None and now - before < _STRETCH:
            self.ward.totals.eligible(uuid, now - before)
            self.ward.show_totals(patient)
        if now - patient.eligible_since >= pace.quiet and self._schedule.make_up(uuid, now):
            self._wake.set()

    def configure(self, settings: Settings, *, other_source: bool) -> None:
        """Go on by other *settings*."""
        now, before = self._now(), self._settings.pace
        self._settings = settings
        if other_source:
            self.ward.dismiss()
        if settings.pace != before:
            self._schedule.repace(settings.pace, now)
            for patient in self.ward.patients.values():
                patient.budget.repace(settings.pace, now)
        self._plan()

    async def release(self) -> None:
        """End the child that runs, and start none until GPUs are found again."""
        self._released = True
        self._stop.set()
        await self._idle.wait()

    async def close(self) -> None:
        """End for good; the child is told to end, but not killed if it takes longer than we have."""
        self._closed = True
        self._stop.set()
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GONE):
                await self._idle.wait()

    @property
    def absent(self) -> str:
        """Why nothing is probed, empty if probes run."""
        return self._settings.absent

    def enabled(self, task: str) -> bool:
        return task in self._settings.enabled

    def due(self, uuid: str, task: str) -> float | None:
        """Seconds until the next run is due, None if none is scheduled."""
        due = self._schedule.due(Slot(uuid, task))
        return None if due is None else max(due - self._now(), 0.0)

    # -- one turn after the other --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run what is due until `close`."""
        while not self._closed:
            self._wake.clear()
            following = self._schedule.next()
            if following is None or following[0] > self._now():
                await self._until(following[0] if following else None)
            else:
                await self._turn(following[1])

    async def _until(self, due: float | None) -> None:
        timeout = None if due is None else max(due - self._now(), 0.0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()

    async def _turn(self, slot: Slot) -> None:
        """One slot is due: run it or say why not."""
        patient, task = self.ward.patients[slot.uuid], BY_NAME[slot.task]
        peer = partner(self.ward, patient, task)
        skip = refusal(self.ward, patient, task, peer, self._settings)
        if self._released:
            skip = Skip.RELEASED
        if skip is None and await self._attempt(patient, task, peer):
            self._schedule.done(slot, self._now())
            return
        skip = skip or Skip.RELEASED
        if not self._closed:
            self._skipped(patient, task, skip)
        self._schedule.done(slot, self._now(), owed=gate.makes_up(skip))

    async def _attempt(self, patient: Patient, task: Task, peer: str | None) -> bool:
        """Run it; False if it was stopped on our own wish."""
        view, child = self.ward.view(patient.uuid), self._settings.child
        if view is None or child is None:
            return False
        plan = Plan(
            child=child,
            uuid=patient.uuid,
            task=task,
            facts=facts(view),
            peer=peer,
            budget=max(patient.budget.left(self._now()), task.gpu_seconds),
            deadline=self._settings.pace.deadline,
        )
        self._idle.clear()
        try:
            done = await run(self.ward.wiring.lab, plan, self._stop)
            self._leave(patient, done)
            if done.trial is not None:
                await conclude(self.ward, patient, plan, done.trial)
        finally:
            self._idle.set()
        return done.trial is not None

    def _leave(self, patient: Patient, done: Run) -> None:
        if done.left is not None:
            patient.left = done.left
            self.ward.wiring.count(exporter.PROBES_ABANDONED)
            logger.error("probe.abandoned", extra={"uuid": patient.uuid, "pid": done.left.pid})

    def _skipped(self, patient: Patient, task: Task, skip: Skip) -> None:
        patient.skips[task.name] = (skip, self.ward.wiring.lab.wall())
        fields = {"uuid": patient.uuid, "probe": task.name, "reason": skip.value}
        logger.debug("probe.skipped", extra=fields)
        if self.ward.totals.skipped(patient.uuid, task.name, skip, self._now()):
            later = asyncio.get_running_loop().call_later
            later(AT_ZERO, self.ward.show_totals, patient)
        self.ward.show_totals(patient)

    def _plan(self) -> None:
        """Schedule every probe on every GPU that is known: one that is switched off is a skip with that reason."""
        patients = self.ward.patients
        names = [
            name
            for name, task in BY_NAME.items()
            if len(patients) > 1 or task.probe is not Probe.PEER_LINK
        ]
        wall = self.ward.wiring.lab.wall()
        ages = {
            Slot(uuid, key.partition(" ")[0]): max(wall - record.ran_at, 0.0)
            for uuid, patient in patients.items()
            for key, record in patient.records.items()
        }
        for uuid in patients:
            self.ward.totals.welcome(uuid, names)
        slots = [Slot(uuid, name) for uuid in patients for name in names]
        self._schedule.plan(slots, self._now(), ages)
        self._wake.set()

    def _now(self) -> float:
        return self.ward.wiring.steady()
