"""After a run: what it counts, what it says of the GPU, who is told."""

import logging

from catalog.event import Event
from catalog.probe import Outcome
from exporter.probing.patient import Patient
from exporter.probing.run import Plan
from exporter.probing.showing import of_task, verdict
from exporter.probing.ward import Ward
from probes.active.facts import environment
from probes.active.quantities import quantities
from probes.active.record import Health, Record
from probes.active.task import Task
from probes.active.trial import Trial, change, concluded
from probes.active.verdict import launches

logger = logging.getLogger(__name__)

_LEVELS = {Outcome.SUCCESS: logging.DEBUG, Outcome.FAILED: logging.ERROR}


async def conclude(ward: Ward, patient: Patient, plan: Plan, trial: Trial) -> None:
    """Take in what *trial* found."""
    key = f"{plan.task.name} {plan.peer}" if plan.peer else plan.task.name
    before = _verdict(patient, plan.task)
    record = _record(ward, patient, plan.task, key, trial)
    patient.records[key] = record
    _count(ward, patient, plan.task, trial)
    if plan.peer in ward.patients:
        ward.patients[plan.peer].budget.spend(trial.gpu_seconds, ward.wiring.steady())
    await ward.keep(patient)
    ward.show(patient)
    _log(patient, plan.task, record, trial.outcome)
    _tell(ward, patient, plan.task, record, before)


def _verdict(patient: Patient, task: Task) -> Health | None:
    return verdict(of_task(patient.records, task.name).values())


def _record(ward: Ward, patient: Patient, task: Task, key: str, trial: Trial) -> Record:
    now, view = ward.wiring.lab.wall(), ward.view(patient.uuid)
    old = patient.records.get(key, Record())
    if view is None:
        return concluded(old, trial, (), {}, now)
    peers = ward.peers(patient.uuid, view, key)
    measured = quantities(task, trial.result, view, peers, now) if trial.result else ()
    return concluded(old, trial, measured, environment(view), now)


def _count(ward: Ward, patient: Patient, task: Task, trial: Trial) -> None:
    result = trial.result
    verified = result.verified_bytes if result else 0
    ward.totals.ran(patient.uuid, task.name, trial.outcome, trial.gpu_seconds, verified)
    patient.budget.spend(trial.gpu_seconds, ward.wiring.steady())
    delays = launches(result) if result else ()
    if delays:
        ward.totals.delays(patient.uuid, delays, trial.trace_id, trial.at)


def _log(patient: Patient, task: Task, record: Record, outcome: Outcome) -> None:
    fields: dict[str, object] = {
        "uuid": patient.uuid,
        "probe": task.name,
        "outcome": record.outcome,
        "verdict": "" if record.verdict is None else record.verdict.value,
        "trace_id": record.trace_id,
    }
    if record.reason:
        fields |= {"reason": record.reason, "error": record.message}
    logger.log(_LEVELS.get(outcome, logging.WARNING), "probe.ran", extra=fields)


def _tell(ward: Ward, patient: Patient, task: Task, record: Record, before: Health | None) -> None:
    view = ward.view(patient.uuid)
    whose = f"GPU {view.identity.index}" if view else f"GPU {patient.uuid}"
    after = _verdict(patient, task)
    changed = change(before, after, record, f"{whose}: {task.name}")
    if changed is not None:
        event = Event(
            at=record.verdict_at,
            kind=changed.kind,
            severity=changed.severity,
            message=changed.what,
            uuid=patient.uuid,
        )
        ward.wiring.happened(event)
    ward.wiring.judged(patient.uuid, task, record, after)
