"""The GPUs that are probed, what is known of each, and how that is kept and shown."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from catalog.errors import HistoryError
from catalog.event import Event
from catalog.metric import Metric
from catalog.metrics import exporter
from catalog.snapshot import GpuView, Reading, Snapshot, Tier
from exporter.probing.patient import Patient
from exporter.probing.run import Lab
from exporter.probing.showing import Gauges
from exporter.probing.totals import ProbeTotals
from probes.active.budget import Budget
from probes.active.pace import Pace
from probes.active.record import Health, Record, reset
from probes.active.task import Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the probes are joined to.

    Attributes:
        show: puts a reading of ours into the hub.
        store: keeps totals before they are shown, over a kill.
        keep: keeps the records of a GPU over a restart; raises HistoryError.
        judged: told of each verdict: the GPU, the task, the record, and what all records of the task come to.
        count: adds one to a metric of the exporter's own.
        steady: seconds that never jump.
    """

    lab: Lab
    snapshot: Callable[[], Snapshot]
    show: Callable[[str, Tier, Reading], None]
    store: Callable[[str, Reading], None]
    keep: Callable[[str, dict[str, Record]], Awaitable[None]]
    happened: Callable[[Event], None]
    judged: Callable[[str, Task, Record, Health | None], None]
    count: Callable[[Metric], None]
    steady: Callable[[], float]


class Ward:
    """All patients.

    Args:
        totals: the counters, as they were kept.
        kept: the records by GPU, as they were kept.
    """

    def __init__(
        self, wiring: Wiring, totals: ProbeTotals, kept: dict[str, dict[str, Record]]
    ) -> None:
        self.wiring = wiring
        self.totals = totals
        self.patients: dict[str, Patient] = {}
        self._kept = kept
        self._gauges = Gauges()

    def admit(self, uuid: str, pace: Pace) -> Patient:
        """The patient of a GPU, new or known."""
        if uuid not in self.patients:
            now = self.wiring.steady()
            self.patients[uuid] = Patient(
                uuid=uuid,
                found_at=now,
                budget=Budget(pace, now),
                records=self._kept.pop(uuid, {}),
            )
        return self.patients[uuid]

    def dismiss(self) -> None:
        """Forget all patients, not what is known of them: another source is read."""
        for uuid, patient in self.patients.items():
            self._kept[uuid] = patient.records
        self.patients = {}

    def view(self, uuid: str) -> GpuView | None:
        return self.wiring.snapshot().gpus.get(uuid)

    def peers(self, uuid: str, view: GpuView, key: str) -> dict[str, Record]:
        """The records *key* of the other GPUs of this model."""
        views = {other: self.view(other) for other in self.patients if other != uuid}
        return {
            other: self.patients[other].records[key]
            for other, seen in views.items()
            if seen is not None
            and seen.identity.model == view.identity.model
            and key in self.patients[other].records
        }

    async def reset(self, uuid: str, task: str) -> int:
        """Forget what was learned, of one GPU or task or, if empty, of all; how many records that were."""
        count = 0
        for patient in self.patients.values():
            chosen = [
                key
                for key in patient.records
                if uuid in ("", patient.uuid) and task in ("", key.partition(" ")[0])
            ]
            for key in chosen:
                patient.records[key] = reset(patient.records[key])
            if chosen:
                await self.keep(patient)
            count += len(chosen)
        return count

    async def keep(self, patient: Patient) -> None:
        """Write down what is known of *patient*; if that fails it is kept in memory."""
        try:
            await self.wiring.keep(patient.uuid, patient.records)
        except HistoryError as error:
            self.wiring.count(exporter.HISTORY_FAILURES)
            logger.error("history.write_failed", extra={"error": str(error)})

    def show(self, patient: Patient) -> None:
        """Show the totals and what was found just now."""
        self.show_totals(patient)
        self._show_gauges(patient, self.wiring.lab.wall())

    def show_again(self, patient: Patient) -> None:
        """Show the totals and what an earlier process found, with the time of that."""
        self.show_totals(patient)
        runs = [record.ran_at for record in patient.records.values()]
        self._show_gauges(patient, max(runs, default=0.0))

    def show_totals(self, patient: Patient) -> None:
        """Show the counters: kept first, so that a killed exporter takes none back."""
        wall = self.wiring.lab.wall()
        totals = self.totals.reading(patient.uuid, wall, self.wiring.steady())
        self.wiring.store(patient.uuid, totals)
        self.wiring.show(patient.uuid, Tier.PROBE_TOTALS, totals)

    def _show_gauges(self, patient: Patient, at: float) -> None:
        gauges = self._gauges.reading(patient.uuid, patient.records, at)
        if gauges.values:
            self.wiring.show(patient.uuid, Tier.PROBED, gauges)
