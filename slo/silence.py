"""Silence: groups that should be there and are not, and what the time without them costs."""

from collections.abc import Iterator

from catalog.promql.expr import Aggregate, Binary, Call, Expr, Matching, Number, Recorded
from catalog.rules.rule import Record
from slo import names, tiles
from slo.indicator import Slices
from slo.objective import TILE, Objective, SilentBudget

_EXPECTED = "1d"
"""A group that was seen so lately is expected to go on; a listed member is expected for ever."""


def costs(objective: Objective) -> bool:
    """Whether silence counts against the budget."""
    return objective.silent_budget is SilentBudget.BAD


def members(objective: Objective) -> Iterator[Record]:
    """One series per group that was listed; it needs nobody to have seen it."""
    for member in objective.members:
        yield Record(
            name=names.MEMBER,
            labels={names.SLO: objective.name, **dict(zip(objective.by, member, strict=True))},
            expr=Call("vector", (Number(1),)),
        )


def expected(objective: Objective) -> Expr:
    """A series per group that should have events, or the lack of them, now."""
    seen = _over_a_day("last_over_time", objective)
    return seen.or_(tiles.latest(names.MEMBER, objective)) if objective.members else seen


def records(objective: Objective) -> Iterator[Record]:
    """What the silence of five minutes costs: as many bad events as the group has in five minutes of an average day.

    Read after the tiles. Nothing if silence is left out of the budget: then coverage shows it.
    """
    if not costs(objective):
        return
    labels = {names.SLO: objective.name}
    cost: Expr = _over_a_day("avg_over_time", objective)
    if objective.members:
        listed = tiles.latest(names.MEMBER, objective)
        cost = cost.or_(tiles.latest(names.SILENT_TILE, objective).and_(listed))
        cost = cost.or_(_unseen(objective, listed))
    now = Aggregate("sum", objective.by, Recorded(names.TOTAL_TILE, labels))
    yield Record(name=names.SILENT_TILE, labels=labels, expr=cost.unless(now))


def added(known: Expr, objective: Objective, window: str) -> Expr:
    """*known* events of *window* with those that silence costs."""
    if not costs(objective):
        return known
    silent = tiles.over(names.SILENT_TILE, objective, window)
    return (known + silent.or_(known * 0)).or_(silent)


def _unseen(objective: Objective, listed: Expr) -> Expr:
    """A member that nobody ever saw would have had what the others have; a slice of time passes for each."""
    if isinstance(objective.indicator, Slices):
        return listed * (TILE / objective.indicator.every)
    others = Aggregate("avg", (), _over_a_day("avg_over_time", objective))
    return Binary("*", listed, others, Matching((), ()))


def _over_a_day(function: str, objective: Objective) -> Expr:
    tile = Recorded(names.TOTAL_TILE, {names.SLO: objective.name}).over(_EXPECTED)
    return Aggregate("sum", objective.by, Call(function, (tile,)))
