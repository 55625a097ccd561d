"""Tiles: the events of five minutes each, that add up to any window without a gap or an overlap.

A tile is the difference of two samples, and the last sample of one tile is the first of the next, so sums of tiles
telescope (`catalog.promql.gain`).
"""

from collections.abc import Callable, Iterator

from catalog.promql.expr import Aggregate, Call, Expr, Number, Recorded, Series
from catalog.promql.gain import gained as gain
from catalog.promql.gain import reached
from catalog.rules.rule import Record
from slo import leaving_out, names
from slo.indicator import Ratio
from slo.objective import TILE, Objective, SilentBudget

EVERY = "5m"
TILES = names.TOTAL_TILE, names.BAD_TILE
_MINUTE = 60
_MISSED = 3
"""So many tiles in a row may be missed, and the next one makes up for them."""
_NOTHING = 1e-9
"""Fewer events than any count."""
FRESH = "11m"
"""The last tile is one or two evaluations old."""


def grown(counter: Series, objective: Objective) -> Expr:
    """What each series of *counter* gained since the end of the tile before."""
    return gain(counter, EVERY, _before(counter, objective))


def _before(counter: Series, objective: Objective) -> Expr:
    """What each series had reached when the last tile was recorded: a server that was away missed some.

    Where silence costs budget it has been paid for, so what was counted meanwhile is not counted again.
    """
    found = reached(counter, EVERY)
    if objective.silent_budget is SilentBudget.BAD:
        found = found.unless_on(_recorded(objective, 1), *objective.by)
        found = Call("last_over_time", (counter.over(EVERY, EVERY),)).or_(found)
    for missed in range(_MISSED, 0, -1):
        ago = f"{(missed + 1) * TILE // _MINUTE}m"
        earlier: Expr = Call("last_over_time", (counter.over(EVERY, ago),))
        earlier = earlier.and_on(_recorded(objective, missed + 1), *objective.by)
        for later in range(1, missed + 1):
            earlier = earlier.unless_on(_recorded(objective, later), *objective.by)
        found = earlier.or_(found)
    return found


def _recorded(objective: Objective, ago: int) -> Expr:
    """The tile that was recorded so many tiles ago, to the minute; of silence too, where it costs budget."""
    offset = f"{ago * TILE // _MINUTE - 1}m"
    tile, silent = (
        Call("last_over_time", (Recorded(name, {names.SLO: objective.name}).over("2m", offset),))
        for name in (leaving_out.first(objective, names.TOTAL_TILE), names.SILENT_TILE)
    )
    return tile if objective.silent_budget is SilentBudget.EXCLUDE else tile.or_(silent)


def records(objective: Objective) -> Iterator[Record]:
    """The tiles of one objective."""
    if objective.silent_by and isinstance(objective.indicator, Ratio):
        labels = {names.SLO: objective.name}
        yield Record(name=names.PART_TILE, labels=labels, expr=events(objective))
    total, bad = (leaving_out.first(objective, name) for name in TILES)
    yield from counts(objective, total, bad, lambda counter: grown(counter, objective))
    yield from leaving_out.records(objective, *TILES)
    yield from leaving_out.excluded(objective, *TILES)


def counts(
    objective: Objective, total: str, bad: str, gained: Callable[[Series], Expr]
) -> Iterator[Record]:
    """The events of five minutes and the bad ones per group, where *gained* says what a counter gained."""
    labels = {names.SLO: objective.name}
    events, failed = _counted(objective, gained)
    yield Record(name=total, labels=labels, expr=events)
    yield Record(name=bad, labels=labels, expr=failed)


def events(objective: Objective) -> Expr:
    """What the tile that ends now counts, of each part, for a rule that cannot wait until it is recorded."""
    if objective.silent_by and isinstance(objective.indicator, Ratio):
        return Aggregate("sum", objective.parts, grown(objective.indicator.total, objective))
    return _counted(objective, lambda counter: grown(counter, objective))[0]


def _counted(objective: Objective, gained: Callable[[Series], Expr]) -> tuple[Expr, Expr]:
    if isinstance(objective.indicator, Ratio):
        return _of_counters(objective.indicator, objective.by, gained)
    return _of_slices(objective)


def _of_counters(
    ratio: Ratio, by: tuple[str, ...], gained: Callable[[Series], Expr]
) -> tuple[Expr, Expr]:
    """A counter of errors that never happened does not exist: as long as there are events, its count is 0.

    All events are counted once more for the bad ones: not every ruler shows a rule what its group recorded just now.
    """
    total: Expr = Aggregate("sum", by, gained(ratio.total))
    if ratio.bad is not None:
        return total, Aggregate("sum", by, gained(ratio.bad)).or_(total * 0)
    assert ratio.good is not None  # noqa: S101 - Ratio holds one of the two
    if ratio.of_bucket:
        # Without the bucket nobody knows how quick the events were: all of them would look slow.
        total = total.and_(seen(ratio.good, by))
    good = Aggregate("sum", by, gained(ratio.good))
    return total, Call("clamp_min", (total - good, Number(0))).or_(total)


def seen(series: Series, by: tuple[str, ...]) -> Expr:
    """How many series there were in the last five minutes."""
    return Aggregate("count", by, Call("last_over_time", (series.over(EVERY),)))


def _of_slices(objective: Objective) -> tuple[Expr, Expr]:
    slices = Recorded(names.SLICE, {names.SLO: objective.name}).over(EVERY)
    count, good = (
        Aggregate("sum", objective.by, Call(function, (slices,)))
        for function in ("count_over_time", "sum_over_time")
    )
    return count, Call("clamp_min", (count - good, Number(0)))


def over(name: str, objective: Objective, window: str) -> Expr:
    """The sum per group of a recorded count over *window*."""
    series = Recorded(name, {names.SLO: objective.name}).over(window)
    return Aggregate("sum", objective.by, Call("sum_over_time", (series,)))


def recorded(objective: Objective) -> tuple[str, ...]:
    """The tiles that count, and those that do not."""
    return (*TILES, *map(names.excluded, TILES)) if objective.exclusions else TILES


def number(objective: Objective, window: str) -> Expr:
    """How many tiles of *window* are known per group, whether they count or not."""
    counted = _number(names.TOTAL_TILE, objective, window)
    if not objective.exclusions:
        return counted
    return together(counted, _number(names.excluded(names.TOTAL_TILE), objective, window))


def _number(name: str, objective: Objective, window: str) -> Expr:
    series = Recorded(name, {names.SLO: objective.name}).over(window)
    return Aggregate("sum", objective.by, Call("count_over_time", (series,)))


def together(one: Expr, other: Expr) -> Expr:
    """The sum of both per group; of one alone where the other has nothing."""
    return (one + other.or_(one * 0)).or_(other)


def fresh(objective: Objective) -> Expr:
    """The groups that were seen just now, whether it counts or not."""
    counted = latest(names.TOTAL_TILE, objective)
    if not objective.exclusions:
        return counted
    return counted.or_(latest(names.excluded(names.TOTAL_TILE), objective))


def latest(name: str, objective: Objective, by: tuple[str, ...] | None = None) -> Expr:
    """The newest value per group of what is recorded with the tiles: seldomer than an instant query looks back."""
    series = Recorded(name, {names.SLO: objective.name}).over(FRESH)
    labels = objective.by if by is None else by
    return Aggregate("sum", labels, Call("last_over_time", (series,)))


def share(part: Expr, whole: Expr) -> Expr:
    """*part* of *whole*; nothing of nothing is 0 and no NaN."""
    return part / Call("clamp_min", (whole, Number(_NOTHING)))
