"""The error budget of the window: what is left of it, how much of the window is known, when it will be spent."""

from collections.abc import Iterator

from catalog.promql.expr import Call, Expr, Number
from catalog.rules.rule import Record
from slo import afterwards, burn, names, silence, tiles, window
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
    yield from afterwards.records(objective)
    sums = names.total(objective.window), names.bad(objective.window)
    corrections = names.TOTAL_CORRECTION, names.BAD_CORRECTION
    for name, tile, correction in zip(sums, tiles.TILES, corrections, strict=True):
        counted = window.summed(objective, tile)
        if afterwards.changes(objective):
            yield record(names.measured(name), _measured(objective, tile))
        yield record(name, afterwards.corrected(objective, counted, tile, correction))
    if afterwards.changes(objective):
        before = _remaining(objective, *map(names.measured, sums))
        yield record(names.measured(names.BUDGET_REMAINING), before)
    yield record(names.BUDGET_REMAINING, _remaining(objective, *sums))
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


def _measured(objective: Objective, tile: str) -> Expr:
    """What the sum would be if every event counted."""
    counted = window.summed(objective, tile)
    if not objective.exclusions:
        return counted
    return tiles.together(counted, window.summed(objective, names.excluded(tile)))


def _remaining(objective: Objective, total: str, bad: str) -> Expr:
    share = tiles.share(tiles.latest(bad, objective), tiles.latest(total, objective))
    return Number(1) - window.spent(objective, share) / objective.budget
