"""What was measured becomes what counts: the events of excluded times are left out, and both are recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce

from catalog.promql.expr import Aggregate, Expr, Recorded
from catalog.rules.rule import Record
from slo import names
from slo.objective import TILE, Objective

_LEFT_OUT = (names.TOTAL_TILE, names.BAD_TILE, names.TOTAL_RECENT, names.BAD_RECENT)
Groups = Callable[[Mapping[str, str]], Expr]
"""The series of the groups whose labels match."""


def first(objective: Objective, name: str) -> str:
    """What events are recorded as before any is left out."""
    return names.measured(name) if objective.exclusions and name in _LEFT_OUT else name


def records(objective: Objective, *counted: str) -> Iterator[Record]:
    """What counts of what was measured."""
    for name in counted if objective.exclusions else ():
        expr = without(objective, _measured(objective, name))
        yield Record(name=name, labels={names.SLO: objective.name}, expr=expr)


def excluded(objective: Objective, *counted: str) -> Iterator[Record]:
    """What does not count of it, while anything is left out."""
    for name in counted if objective.exclusions else ():
        expr = _left_out(objective, _measured(objective, name))
        yield Record(name=names.excluded(name), labels={names.SLO: objective.name}, expr=expr)


def without(objective: Objective, groups: Groups) -> Expr:
    """The *groups* that are not excluded now."""
    found = groups({})
    return found.unless(_left_out(objective, groups)) if objective.exclusions else found


def either(exprs: Iterable[Expr]) -> Expr:
    """Each series of the first expression that has it."""
    return reduce(lambda one, other: one.or_(other), exprs)


def _left_out(objective: Objective, groups: Groups) -> Expr:
    alike: dict[tuple[tuple[str, str], ...], list[Expr]] = {}
    for one in objective.exclusions:
        alike.setdefault(tuple(sorted(one.where.items())), []).append(one.when.now(TILE))
    return either(groups(dict(where)).and_on(either(times)) for where, times in alike.items())


def _measured(objective: Objective, name: str) -> Groups:
    def groups(where: Mapping[str, str]) -> Expr:
        series = Recorded(names.measured(name), {names.SLO: objective.name, **where})
        return Aggregate("sum", objective.by, series)

    return groups
