"""What the verdict of an active probe makes of a GPU: a finding per probe, until the probe finds it well."""

from catalog.finding import Finding, State
from exporter.health.watch import Watch
from probes.active.record import Health, Record
from probes.active.task import Task

_STATES = {Health.DEGRADED: State.DEGRADED, Health.FAILED: State.UNHEALTHY}


def probed(watch: Watch, uuid: str, task: Task, record: Record, verdict: Health | None) -> None:
    """Take in that *task* comes to *verdict* after the run of *record*; a run without an answer changes nothing."""
    cause = f"probe_{task.name}"
    if verdict is Health.HEALTHY:
        watch.clear(uuid, cause)
    elif verdict is not None:
        why = ", ".join(record.why) if record.verdict is verdict else "another run's"
        text = f"{task.name} probe: {verdict}{f' ({why})' if why else ''}"
        found = Finding(cause=cause, state=_STATES[verdict], since=record.verdict_at, text=text)
        watch.find(uuid, found)
