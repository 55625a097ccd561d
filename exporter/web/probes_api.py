"""`/api/v1/probes` without HTTP: what is known of each probe on each GPU.

GET /api/v1/probes?uuid=GPU-1
"""

from collections.abc import Mapping
from statistics import median
from typing import Any

from catalog.errors import HistoryError
from catalog.snapshot import Snapshot
from catalog.suggest import meant
from exporter.probing.patient import Patient
from exporter.probing.prober import Prober
from exporter.probing.showing import of_task
from exporter.web.parameters import check
from probes.active import baseline
from probes.active.record import Record
from probes.active.task import BY_NAME, Task

_PARAMETERS = ("uuid",)


def answer(query: Mapping[str, str], prober: Prober, snapshot: Snapshot) -> dict[str, Any]:
    """Every GPU that is probed, with each of its probes.

    Raises:
        HistoryError: the request is wrong; the message says what to change.
    """
    check(query, _PARAMETERS)
    wanted = query.get("uuid")
    if wanted is not None and wanted not in snapshot.gpus:
        every = meant(wanted, snapshot.gpus, "/api/v1/gpus names all")
        raise HistoryError(f"uuid: there is no GPU {wanted!r}; {every}")
    return {
        "probing": not prober.absent,
        "reason": prober.absent,
        "gpus": [
            {
                "uuid": uuid,
                "gpu": snapshot.gpus[uuid].identity.index,
                "probes": [_task(prober, patient, task) for task in BY_NAME.values()],
            }
            for uuid, patient in prober.ward.patients.items()
            if uuid in snapshot.gpus and wanted in (None, uuid)
        ],
    }


def _task(prober: Prober, patient: Patient, task: Task) -> dict[str, Any]:
    skip = patient.skips.get(task.name)
    return {
        "probe": task.name,
        "class": task.probe_class.value,
        "enabled": prober.enabled(task.name),
        "due_in_seconds": prober.due(patient.uuid, task.name),
        "last_skip": {"reason": skip[0].value, "at": skip[1]} if skip else None,
        "runs": [
            _run(record, peer) for peer, record in of_task(patient.records, task.name).items()
        ],
    }


def _run(record: Record, peer: str) -> dict[str, Any]:
    """The last run; of a probe of two GPUs the last with this peer."""
    return {
        "peer": peer or None,
        "at": record.ran_at,
        "outcome": record.outcome,
        "reason": record.reason,
        "message": record.message,
        "trace_id": record.trace_id,
        "verdict": record.verdict.value if record.verdict else None,
        "verdict_at": record.verdict_at or None,
        "why": list(record.why),
        "measured": {
            name: {"value": seen.value, "peak_ratio": seen.share, "compared": seen.compared}
            for name, seen in record.seen.items()
        },
        "baselines": {
            name: {
                "runs": len(values),
                "learned": baseline.learned(values),
                "median": median(values),
                "limit": baseline.limit(values),
            }
            for name, values in record.baselines.items()
        },
        "context": dict(record.context),
    }
