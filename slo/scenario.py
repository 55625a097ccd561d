"""What may happen to a service, in five-minute steps: the stories that the tests of an objective's rules tell."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from slo.indicator import Ratio, Slices
from slo.objective import TILE, Objective
from slo.tier import SECONDS

_WARM = 37
"""Steps of health before anything happens: more than half of the six hours that a group needs to be warm."""
_HOURS = 6 * 3600
"""Half of a window must be known before it counts: of days, that takes long to evaluate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Five minutes.

    Attributes:
        bad: share of the events.
        idle: nothing happens.
        gone: nobody sees the service; of a group whose parts are missed one by one, one part.
        restart: counters begin anew in the middle of it.
    """

    bad: float = 0.0
    idle: bool = False
    gone: bool = False
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story.

    Attributes:
        checks: numbers of the steps after which alerts, state and budget are looked at.
    """

    name: str
    steps: tuple[Step, ...]
    checks: tuple[int, ...]


def scenarios(objective: Objective) -> Iterator[Scenario]:
    """Every story that can be told of *objective*."""
    for tell in _STORIES:
        found = tell(objective)
        if found is not None:
            yield found


def _outage(_: Objective) -> Scenario:
    """Half an hour in which everything fails: it pages, and the page ends soon after."""
    steps = (Step(),) * _WARM + (Step(bad=1),) * 6 + (Step(),) * 8
    after = _WARM + 6
    return Scenario(
        name="outage", steps=steps, checks=(_WARM, _WARM + 2, after, after + 4, len(steps))
    )


def _slow_burn(objective: Objective) -> Scenario:
    """More errors than the budget allows, and few enough that only a slow tier minds, if three hours of samples suffice for one."""
    lasting = sorted(objective.tiers, key=lambda tier: SECONDS[tier.long])
    slowest = next((tier for tier in lasting[::-1] if SECONDS[tier.long] <= _HOURS), lasting[0])
    others = lasting[: lasting.index(slowest)]
    factor = slowest.capped(objective)
    above = min((tier.capped(objective) for tier in others), default=1 / objective.budget)
    half = SECONDS[slowest.long] // TILE // 2
    steady = max(half, _WARM) + 12
    if isinstance(objective.indicator, Ratio):
        share = (factor * max(above, factor)) ** 0.5 * objective.budget
        steps = (Step(bad=min(share, 1.0)),) * steady
        return Scenario(name="slow burn", steps=steps, checks=(half - 6, half + 6, steady))
    spell = ceil(1.5 * factor * objective.budget * (steady + _WARM))
    quiet = max((SECONDS[tier.short] // TILE for tier in others), default=0) + 2
    steps = (Step(),) * steady + (Step(bad=1),) * spell + (Step(),) * quiet
    return Scenario(name="slow burn", steps=steps, checks=(steady, len(steps)))


def _idle(objective: Objective) -> Scenario | None:
    """Nobody asks for an hour: that is no error, and no lack of data."""
    if isinstance(objective.indicator, Slices) and objective.indicator.ratio is None:
        return None
    steps = (Step(),) * _WARM + (Step(idle=True),) * 13
    return Scenario(name="idle", steps=steps, checks=(_WARM + 6, len(steps)))


def _vanish(_: Objective) -> Scenario:
    """The series end, as with a target that is gone."""
    steps = (Step(),) * _WARM + (Step(gone=True),) * 6
    return Scenario(
        name="vanish", steps=steps, checks=(_WARM + 2, _WARM + 3, _WARM + 4, len(steps))
    )


def _reset(objective: Objective) -> Scenario:
    """Counters begin anew while half of what is allowed fails: no event is lost, none counts twice."""
    bad = objective.budget / 2 if isinstance(objective.indicator, Ratio) else 0.0
    steps = tuple(Step(bad=bad, restart=number in (20, 30)) for number in range(_WARM + 2))
    return Scenario(name="reset", steps=steps, checks=(_WARM, len(steps)))


def _cold_start(_: Objective) -> Scenario:
    """Everything fails from the first moment: too little is known at first, then it pages."""
    return Scenario(name="cold start", steps=(Step(bad=1),) * 10, checks=(4, 8, 10))


_STORIES: tuple[Callable[[Objective], Scenario | None], ...] = (
    _outage,
    _slow_burn,
    _idle,
    _vanish,
    _reset,
    _cold_start,
)
