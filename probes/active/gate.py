"""Whether a probe that is due may run now. Each refusal has a reason; a refusal is never health."""

from dataclasses import dataclass

from catalog.probe import ProbeClass
from catalog.probe_skip import Skip
from probes.active.facts import Facts
from probes.active.pace import Pace
from probes.active.task import CONTEXT_BYTES, GIB, Task

_LEFT_SHARE, _LEFT_BYTES = 0.1, 4 * GIB
"""What must stay free for others: the larger of the two."""
_MODES = {
    "prohibited": Skip.PROHIBITED,
    "exclusive_process": Skip.EXCLUSIVE,
    "exclusive_thread": Skip.EXCLUSIVE,
}
_OWED = frozenset((Skip.BUSY, Skip.MEMORY, Skip.THERMAL, Skip.POWER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it is asked, and what only the one who runs probes knows.

    Attributes:
        wall: seconds since 1970.
        known_for: seconds since the GPU was found.
        paused_for: seconds that the probe still has to wait after errors.
        budget: GPU-seconds that are left; *cost*: what a run takes.
        stuck: an earlier child on this GPU has not ended.
    """

    wall: float
    known_for: float
    paused_for: float
    budget: float
    cost: float
    stuck: bool


def refusal(task: Task, facts: Facts, moment: Moment, pace: Pace) -> Skip | None:
    """Why *task* must not run, None if it may."""
    return (
        _absent(facts)
        or _early(moment, pace)
        or unfit(task, facts, moment.wall, pace)
        or _spent(moment)
    )


def unfit(task: Task, facts: Facts, wall: float, pace: Pace) -> Skip | None:
    """Why the GPU as it is now must not be probed."""
    return (
        _absent(facts) or _mode(facts) or _unwell(task, facts, wall, pace) or _taken(task, facts)
    )


def makes_up(skip: Skip) -> bool:
    """Whether a run that was skipped for this is made up for as soon as the GPU is free."""
    return skip in _OWED


def _absent(facts: Facts) -> Skip | None:
    if facts.state == "unknown":
        return Skip.RELEASED if facts.reason == "released" else Skip.UNKNOWN
    return {"lost": Skip.LOST, "hung": Skip.HUNG}.get(facts.state)


def _early(moment: Moment, pace: Pace) -> Skip | None:
    if moment.stuck:
        return Skip.CHILD_STUCK
    return Skip.STARTING if moment.known_for < pace.settle else None


def _mode(facts: Facts) -> Skip | None:
    if facts.compute_mode in _MODES:
        return _MODES[facts.compute_mode]
    if facts.mps:
        return Skip.MPS
    return Skip.MIG if facts.mig and not facts.instance else None


def _unwell(task: Task, facts: Facts, wall: float, pace: Pace) -> Skip | None:
    if facts.xid_at is not None and wall - facts.xid_at < pace.xid:
        return Skip.RECENT_XID
    if facts.thermal:
        return Skip.THERMAL
    # A training job lives at the power limit: that hides no wrong answer, but it spoils a bandwidth.
    capped = facts.capped and task.probe_class is ProbeClass.B
    return Skip.POWER if facts.braked or capped else None


def _taken(task: Task, facts: Facts) -> Skip | None:
    if task.probe_class is ProbeClass.B:
        if facts.compute is None:
            return Skip.UNKNOWN
        if facts.compute > 0:
            return Skip.BUSY
    if facts.free is None or facts.total is None:
        return Skip.UNKNOWN
    left = facts.free - task.memory_bytes - CONTEXT_BYTES
    return Skip.MEMORY if left < max(_LEFT_SHARE * facts.total, _LEFT_BYTES) else None


def _spent(moment: Moment) -> Skip | None:
    if moment.paused_for > 0:
        return Skip.BACK_OFF
    return Skip.BUDGET if moment.budget < moment.cost else None
