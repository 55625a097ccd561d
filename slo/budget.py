"""The error budget of the window: what is left of it, how much of the window is known, when it will be spent."""

from collections.abc import Iterator

from catalog.promql.expr import Aggregate, Call, Expr, Number, Recorded
from catalog.rules.rule import Record
from slo import names, silence, tiles
from slo.objective import TILE, Objective

_DAY = 86_400
_PACE = "6h"
"""The burn rate that is taken to go on."""


def records(objective: Objective) -> Iterator[Record]:
    """Sums over the window and what follows from them; read after the tiles."""
    labels, window = {names.SLO: objective.name}, objective.window

    def record(name: str, expr: Expr) -> Record:
        return Record(name=name, labels=labels, expr=expr)

    yield from silence.records(objective)
    for name, counted in ((names.total, names.TOTAL_TILE), (names.bad, names.BAD_TILE)):
        known = tiles.over(counted, objective, window)
        yield record(name(window), silence.added(known, objective, window))
    total, bad = (_newest(objective, name(window)) for name in (names.total, names.bad))
    yield record(names.BUDGET_REMAINING, Number(1) - tiles.share(bad, total) / objective.budget)
    tile = Recorded(names.TOTAL_TILE, labels).over(window)
    seen = Aggregate("sum", objective.by, Call("count_over_time", (tile,)))
    yield record(names.COVERAGE, seen / (objective.days * _DAY / TILE))


def exhaustion(objective: Objective) -> Record:
    """Seconds until the budget is spent at the present pace; absent while nothing is spent."""
    left = tiles.latest(names.BUDGET_REMAINING, objective)
    pace = _newest(objective, names.burn(_PACE)) > 0
    return Record(
        name=names.TIME_TO_EXHAUSTION,
        labels={names.SLO: objective.name},
        expr=Call("clamp_min", (left * (objective.days * _DAY) / pace, Number(0))),
    )


def _newest(objective: Objective, name: str) -> Expr:
    return Aggregate("sum", objective.by, Recorded(name, {names.SLO: objective.name}))
