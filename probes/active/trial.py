"""What a run comes to: the record after it, and what changed in the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from catalog.event import EventKind, Severity
from catalog.probe import Outcome, Reason, Result
from probes.active.record import Health, Record, fitting
from probes.active.verdict import Quantity, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run that took place.

    Attributes:
        at: when it began, seconds since 1970.
        reason: why there is no answer or a bad one, empty on success.
        result: what the child answered, None if nothing that can be read.
        ecc_errors: uncorrectable memory errors during the run.
        compared: whether nobody else used the GPU and its clocks had settled.
        context: what the GPU was like before the run.
    """

    at: float
    outcome: Outcome
    reason: str = ""
    message: str = ""
    result: Result | None = None
    gpu_seconds: float = 0.0
    ecc_errors: float = 0.0
    compared: bool = True
    trace_id: str = ""
    context: Mapping[str, str | float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verdict that differs from the one before."""

    kind: EventKind
    severity: Severity
    what: str


_CHANGES = {
    Health.HEALTHY: (EventKind.PROBE_RECOVERED, Severity.INFO),
    Health.DEGRADED: (EventKind.PROBE_DEGRADED, Severity.WARNING),
    Health.FAILED: (EventKind.PROBE_FAILED, Severity.CRITICAL),
}


def concluded(
    record: Record,
    trial: Trial,
    quantities: Sequence[Quantity],
    environment: Mapping[str, str],
    now: float,
) -> Record:
    """*record* after *trial*.

    Args:
        record: what was known before.
        trial: the run.
        quantities: what it measured; empty without a result that can be true.
        environment: what the GPU is like now, as far as baselines depend on it.
        now: seconds since 1970.
    """
    failed = trial.outcome in (Outcome.ERROR, Outcome.INVALID)
    after = msgspec.structs.replace(
        fitting(record, environment),
        ran_at=trial.at,
        outcome=trial.outcome.value,
        reason=trial.reason,
        message=trial.message,
        errors=record.errors + 1 if failed else 0,
        trace_id=trial.trace_id,
        gpu_seconds=trial.gpu_seconds or record.gpu_seconds,
        context=dict(trial.context),
    )
    if trial.result is None or not _tells(trial):
        return after
    judged = judge(
        trial.result,
        quantities,
        after,
        ecc_errors=trial.ecc_errors,
        compared=trial.compared,
    )
    return msgspec.structs.replace(
        after,
        baselines=judged.baselines,
        low_runs=judged.low_runs,
        verdict=judged.health,
        why=judged.why,
        verdict_at=now,
        seen=judged.seen or after.seen,
        sms_covered=trial.result.sms_covered,
    )


def change(
    before: Health | None, health: Health | None, last: Record, title: str
) -> Change | None:
    """What is to be told when the verdict *before* became *health* by the *last* run; a first healthy one is no news."""
    if health is None or health is before or (before is None and health is Health.HEALTHY):
        return None
    kind, severity = _CHANGES[health]
    why = f": {'; '.join(last.why)}" if last.why else ""
    measured = ", ".join(
        f"{name} {_shown(seen.value)}"
        + ("" if seen.share is None else f" ({seen.share:.0%} of the peak)")
        for name, seen in last.seen.items()
    )
    text = f"{title} is {health}{why}" + (f" ({measured})" if measured else "")
    return Change(kind=kind, severity=severity, what=text)


def _tells(trial: Trial) -> bool:
    """Whether the GPU showed how it is; an uncorrectable memory error does, though the probe could not end."""
    return (
        trial.outcome in (Outcome.SUCCESS, Outcome.FAILED)
        or trial.ecc_errors > 0
        or trial.reason == Reason.UNCORRECTABLE_ECC
    )


def _shown(value: float) -> str:
    return f"{value / 1e9:.4g} GB/s" if value > 1 else f"{value * 1e6:.4g} µs"
