"""What is known only afterwards: exclusions of tiles that were recorded already, and corrections.

They change the sums of a budget; burn rates and alerts were as they were.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from catalog.promql.expr import Aggregate, Binary, Call, Expr, Number, Recorded, Subquery
from catalog.rules.rule import Record
from slo import calendar, names, silence, tiles
from slo.exclusion import Correction, Dates
from slo.leaving_out import either
from slo.objective import TILE, Objective

_DAY = 86_400
_STEP = "5m"
_LEAST = 0.001
"""Timestamps count milliseconds."""
_TIME = Call("time", ())


def changes(objective: Objective) -> bool:
    """Whether what was measured and what counts may differ."""
    return bool(objective.exclusions or objective.corrections)


def records(objective: Objective) -> Iterator[Record]:
    """The corrections of the present window, per group."""
    for name, part in ((names.TOTAL_CORRECTION, "total"), (names.BAD_CORRECTION, "bad")):
        for group in dict.fromkeys(one.group for one in objective.corrections):
            those = [one for one in objective.corrections if one.group == group]
            terms = (_while_it_counts(objective, one) * getattr(one, part) for one in those)
            labels = dict(zip(objective.by, group, strict=True))
            yield Record(
                name=name,
                labels={names.SLO: objective.name, **labels},
                # Nothing while there is nothing to correct: it would look like a group without events.
                expr=Binary("!=", Call("vector", (sum(terms, start=Number(0)),)), Number(0)),
            )


def corrected(objective: Objective, measured: Expr, tile: str, correction: str) -> Expr:
    """The *measured* sum over the window without late exclusions, and with corrections."""
    found = measured
    if late := tuple(_late(objective, tile)):
        found = found - either(late).or_(found * 0)
    if objective.corrections:
        series = Recorded(correction, {names.SLO: objective.name})
        found = tiles.together(found, Aggregate("sum", objective.by, series))
    return Call("clamp_min", (found, Number(0))) if found is not measured else found


def _while_it_counts(objective: Objective, correction: Correction) -> Expr:
    """1 while the window contains the correction, else 0."""
    if objective.calendar is None:
        end = correction.at + objective.days * _DAY
    else:
        window = objective.calendar.window(correction.at)
        end = window[1] if window else correction.at
    return _TIME.reaches(correction.at) * Binary("< bool", _TIME, Number(end))


def _late(objective: Objective, tile: str) -> Iterator[Expr]:
    """The sum of the tiles that were counted before anybody said that they should not; of a calendar, one per window."""
    dated = [
        (one.where, one.when.start, one.when.end + TILE)
        for one in objective.exclusions
        if isinstance(one.when, Dates)
    ]
    if dated and objective.calendar is None:
        inside = either(_inside(objective, tile, *one) for one in dated)
        yield _sum(objective, Subquery(inside, objective.window, _STEP))
    for begin, end in pairwise(calendar.starts(objective.calendar)) if objective.calendar else ():
        parts = [
            (where, max(low, begin - _LEAST), min(high, end))
            for where, low, high in dated
            if low < end and high > begin
        ]
        if parts:
            yield _of_window(objective, tile, parts, begin)


_Part = tuple[Mapping[str, str], float, float]
"""Labels, and the times between which a tile ended."""


def _of_window(objective: Objective, tile: str, parts: Sequence[_Part], begin: int) -> Expr:
    first, last = min(low for _, low, _ in parts), max(high for _, _, high in parts)
    inside = either(_inside(objective, tile, *part) for part in parts)
    seconds = math.ceil(last - first) + 2 * TILE  # an instant query looks back from the step after
    series = Subquery(inside, f"{seconds}s", _STEP, until=last + TILE)
    start = Aggregate("max", (), Recorded(names.WINDOW_START, {names.SLO: objective.name}))
    return _sum(objective, series).and_on(start.equals(begin))


def _inside(
    objective: Objective, tile: str, where: Mapping[str, str], low: float, high: float
) -> Expr:
    def part(name: str) -> Expr:
        series = Recorded(name, {names.SLO: objective.name, **where})
        return series.and_((Call("timestamp", (series,)) > low) < high)

    return part(tile).or_(part(names.SILENT_TILE)) if silence.costs(objective) else part(tile)


def _sum(objective: Objective, series: Subquery) -> Expr:
    return Aggregate("sum", objective.by, Call("sum_over_time", (series,)))
