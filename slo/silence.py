"""Silence: groups that should be there and are not, and what the time without them costs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

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
            labels={names.SLO: objective.name, **dict(zip(objective.parts, member, strict=True))},
            expr=Call("vector", (Number(1),)),
        )


def expected(objective: Objective) -> Expr:
    """A series per group that should have events, or the lack of them, now."""
    seen = _over_a_day("last_over_time", objective, names.TOTAL_TILE, objective.by)
    return seen.or_(tiles.latest(names.MEMBER, objective)) if objective.members else seen


def records(objective: Objective) -> Iterator[Record]:
    """What the silence of five minutes costs: as many bad events as an average day has in five minutes.

    Nothing if silence is left out of the budget: then coverage shows it.
    """
    if not costs(objective):
        return
    labels = {names.SLO: objective.name}
    cost: Expr = _usual(objective)
    if objective.members:
        listed = tiles.latest(names.MEMBER, objective, objective.parts)
        before = tiles.latest(names.SILENT_TILE, objective, objective.parts)
        cost = cost.or_(before.and_(listed)).or_(_unseen(objective, listed))
    yield Record(name=names.SILENT_TILE, labels=labels, expr=cost.unless(tiles.events(objective)))


def added(known: Expr, objective: Objective, window: str) -> Expr:
    """*known* events of *window* with those that silence costs."""
    if not costs(objective):
        return known
    return together(known, tiles.over(names.SILENT_TILE, objective, window))


def counted(recent: Iterable[Record], objective: Objective) -> Iterator[Record]:
    """The *recent* events with those that the newest silence costs, so that it burns as fast as errors do."""
    silent = Aggregate(
        "sum", objective.by, Recorded(names.SILENT_TILE, {names.SLO: objective.name})
    )
    for record in recent:
        yield replace(record, expr=together(record.expr, silent)) if costs(objective) else record


def together(known: Expr, silent: Expr) -> Expr:
    """Events that are *known* and those that silence costs; a group may have either, or parts with both."""
    return (known + silent.or_(known * 0)).or_(silent)


def _tile(objective: Objective) -> str:
    return names.PART_TILE if objective.silent_by else names.TOTAL_TILE


def _usual(objective: Objective) -> Expr:
    """The events of five minutes of an average day, for whatever was seen in the last one."""
    return _over_a_day("avg_over_time", objective, _tile(objective), objective.parts)


def _unseen(objective: Objective, listed: Expr) -> Expr:
    """A member that nobody ever saw would have had what the others have; a slice of time passes for each."""
    if isinstance(objective.indicator, Slices):
        return listed * (TILE / objective.indicator.every)
    others = Aggregate("avg", (), _usual(objective))
    return Binary("*", listed, others, Matching((), ()))


def _over_a_day(function: str, objective: Objective, name: str, by: tuple[str, ...]) -> Expr:
    tile = Recorded(name, {names.SLO: objective.name}).over(_EXPECTED)
    return Aggregate("sum", by, Call(function, (tile,)))
