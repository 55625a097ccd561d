"""The error budget of the window: what is left of it, how much of the window is known, when it will be spent."""

from collections.abc import Iterator

from catalog.promql.expr import Call, Expr, Number
from catalog.rules.rule import Record
from slo import burn, names, silence, tiles, window
from slo.objective import Objective

_PACE = "6h"
"""The burn rate that is taken to go on."""


def records(objective: Objective) -> Iterator[Record]:
    """Sums over the window and what follows from them; read after the tiles."""
    labels = {names.SLO: objective.name}

    def record(name: str, expr: Expr) -> Record:
        return Record(name=name, labels=labels, expr=expr)

    yield from silence.records(objective)
    yield from window.records(objective)
    sums = names.total(objective.window), names.bad(objective.window)
    for name, tile in zip(sums, (names.TOTAL_TILE, names.BAD_TILE), strict=True):
        yield record(name, window.summed(objective, tile))
    total, bad = (tiles.latest(name, objective) for name in sums)
    spent = window.spent(objective, tiles.share(bad, total))
    yield record(names.BUDGET_REMAINING, Number(1) - spent / objective.budget)
    yield record(names.COVERAGE, window.covered(objective))


def exhaustion(objective: Objective) -> Record:
    """Seconds until the budget is spent at the present pace; absent while nothing is spent, or the window ends before."""
    left = tiles.latest(names.BUDGET_REMAINING, objective)
    pace = burn.rate(objective, _PACE) > 0
    seconds = window.each(left, "*", window.length(objective)) / pace
    return Record(
        name=names.TIME_TO_EXHAUSTION,
        labels={names.SLO: objective.name},
        expr=window.lasting(objective, Call("clamp_min", (seconds, Number(0)))),
    )
