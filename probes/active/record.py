"""What is known of one probe on one GPU, kept over restarts: its baseline, its last verdict, how the last run went."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Health(StrEnum):
    """A verdict."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILED = "failed"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity as the last run measured it.

    Attributes:
        share: of the peak, None if there is none.
        compared: whether it was measured in peace, so that others may be compared with it.
    """

    value: float
    share: float | None = None
    compared: bool = True


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One probe on one GPU; of a peer link one record per pair.

    Attributes:
        environment: driver, VBIOS, clocks policy of the baselines.
        baselines: values of the first healthy runs, by quantity.
        low_runs: runs in a row that deviated from the baseline, by quantity.
        verdict, why, verdict_at: the last one; a run without an answer leaves it as it is.
        seen: the last run's quantities.
        ran_at: when the last run began, seconds since 1970.
        outcome, reason, message: how it ended.
        errors: in a row.
        trace_id: of the last run.
        gpu_seconds: what it cost.
        context: what the GPU was like then, as texts and numbers for people.
    """

    environment: Mapping[str, str] = {}
    baselines: Mapping[str, tuple[float, ...]] = {}
    low_runs: Mapping[str, int] = {}
    verdict: Health | None = None
    why: tuple[str, ...] = ()
    verdict_at: float = 0.0
    seen: Mapping[str, Seen] = {}
    ran_at: float = 0.0
    outcome: str = ""
    reason: str = ""
    message: str = ""
    errors: int = 0
    trace_id: str = ""
    gpu_seconds: float = 0.0
    sms_covered: int | None = None
    context: Mapping[str, str | float | None] = {}


def fitting(record: Record, environment: Mapping[str, str]) -> Record:
    """*record* with baselines only if they were learned in *environment*; what cannot be told now is taken as unchanged."""
    both = record.environment.keys() & environment.keys()
    merged = {**record.environment, **environment}
    if all(record.environment[name] == environment[name] for name in both):
        return msgspec.structs.replace(record, environment=merged)
    return msgspec.structs.replace(record, environment=merged, baselines={}, low_runs={})


def reset(record: Record) -> Record:
    """*record* without what it learned: the operator changed something that nobody can see."""
    return msgspec.structs.replace(record, baselines={}, low_runs={})
