"""Silence: groups that should be there and are not, and what the time without them costs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from catalog.promql.expr import Aggregate, Binary, Call, Expr, Matching, Number, Recorded
from catalog.rules.rule import Record
from slo import leaving_out, names, tiles
from slo.indicator import Slices
from slo.objective import TILE, Objective, SilentBudget

_EVERYWHERE: Mapping[str, str] = MappingProxyType({})
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
    return leaving_out.without(objective, lambda where: _expected(objective, where))


def _expected(objective: Objective, where: Mapping[str, str]) -> Expr:
    seen = _over_a_day("last_over_time", objective, names.TOTAL_TILE, objective.by, where)
    if not objective.members:
        return seen
    listed = Recorded(names.MEMBER, {names.SLO: objective.name, **where}).over(tiles.FRESH)
    return seen.or_(Aggregate("sum", objective.by, Call("last_over_time", (listed,))))


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
    cost = cost.unless(tiles.events(objective))
    if objective.exclusions:
        cost = cost.and_on(expected(objective), *objective.by)
    yield Record(name=names.SILENT_TILE, labels=labels, expr=cost)


def added(known: Expr, objective: Objective, window: str) -> Expr:
    """*known* events of *window* with those that silence costs."""
    if not costs(objective):
        return known
    return tiles.together(known, tiles.over(names.SILENT_TILE, objective, window))


def counted(recent: Iterable[Record], objective: Objective) -> Iterator[Record]:
    """The *recent* events with those that the newest silence costs, so that it burns as fast as errors do."""
    silent = Aggregate(
        "sum", objective.by, Recorded(names.SILENT_TILE, {names.SLO: objective.name})
    )
    for record in recent:
        with_silent = replace(record, expr=tiles.together(record.expr, silent))
        yield with_silent if costs(objective) else record


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


def _over_a_day(
    function: str,
    objective: Objective,
    name: str,
    by: tuple[str, ...],
    where: Mapping[str, str] = _EVERYWHERE,
) -> Expr:
    tile = Recorded(name, {names.SLO: objective.name, **where}).over(_EXPECTED)
    return Aggregate("sum", by, Call(function, (tile,)))
