"""Whether a slot that is due may run: gathers what the gate asks for."""

from catalog.probe import Probe
from catalog.probe_skip import Skip
from exporter.probing.patient import Patient
from exporter.probing.settings import Settings
from exporter.probing.showing import of_task
from exporter.probing.ward import Ward
from probes.active import gate
from probes.active.back_off import pause
from probes.active.facts import facts
from probes.active.gate import Moment
from probes.active.task import Task


def partner(ward: Ward, patient: Patient, task: Task) -> str | None:
    """The next of the other GPUs for a probe of two, each in its turn; None if there is none or none is needed."""
    others = sorted(uuid for uuid in ward.patients if uuid != patient.uuid)
    if task.probe is not Probe.PEER_LINK or not others:
        return None
    patient.partner += 1
    return others[patient.partner % len(others)]


def refusal(
    ward: Ward, patient: Patient, task: Task, peer: str | None, settings: Settings
) -> Skip | None:
    """Why *task* must not run now, None if it may."""
    if task.name not in settings.enabled:
        return Skip.DISABLED
    snapshot = ward.wiring.snapshot()
    view = snapshot.gpus.get(patient.uuid)
    if view is None or not snapshot.driver_up:
        return Skip.DRIVER_DOWN
    moment = _moment(ward, patient, task, settings)
    refused = gate.refusal(task, facts(view), moment, settings.pace)
    if refused is None and task.probe is Probe.PEER_LINK:
        return _peer_refusal(ward, task, peer, settings)
    return refused


def _peer_refusal(ward: Ward, task: Task, peer: str | None, settings: Settings) -> Skip | None:
    view = ward.view(peer) if peer else None
    if view is None:
        return Skip.NO_PEER
    return gate.unfit(task, facts(view), ward.wiring.lab.wall(), settings.pace)


def _moment(ward: Ward, patient: Patient, task: Task, settings: Settings) -> Moment:
    now, wall = ward.wiring.steady(), ward.wiring.lab.wall()
    records = list(of_task(patient.records, task.name).values())
    waits = (
        record.ran_at + pause(record.errors, task.probe_class, settings.pace) - wall
        for record in records
        if record.errors
    )
    seen = max((record.gpu_seconds for record in records), default=0.0)
    return Moment(
        wall=wall,
        known_for=now - patient.found_at,
        paused_for=max(waits, default=0.0),
        budget=patient.budget.left(now),
        cost=min(seen or task.gpu_seconds, settings.pace.budget),
        stuck=patient.stuck,
    )
