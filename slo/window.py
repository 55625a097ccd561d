"""The window of a budget in rules: rolling, a sum of tiles; or of the calendar, counted up from its begin.

PromQL knows no time zones, so a calendar's begins are written out. In such a window each tile is added to what was counted
before, as long as that belongs to the same window: reading is as cheap on the last day of a year as on its first. A tile
belongs to the window that it ends in. What was counted is taken up again after `_LOOK_BACK` without an evaluation; later it is
lost, which shows as coverage.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from catalog.promql.expr import Aggregate, Binary, Call, Expr, Matching, Number, Recorded
from catalog.rules.rule import Record
from slo import calendar, leaving_out, names, silence, tiles
from slo.calendar import Calendar
from slo.objective import TILE, Objective

_DAY = 86_400
_LOOK_BACK = "1d"
_BEFORE = "1m"
"""The evaluation before lies five minutes back: an instant query that looks back from a minute ago finds it."""
_TIME = Call("time", ())


def records(objective: Objective) -> Iterator[Record]:
    """What a window of the calendar needs, in the order of evaluation, after the tiles; nothing for a rolling one."""
    if objective.calendar is None:
        return
    labels = {names.SLO: objective.name}
    run = _Run(objective.calendar)
    yield Record(name=names.WINDOW_START, labels=labels, expr=run.start)
    end = _start(objective) + Call("vector", (run.length,))
    yield Record(name=names.WINDOW_END, labels=labels, expr=end)
    for tile in tiles.recorded(objective):
        name = names.counted(tile)
        yield Record(
            name=name, labels=labels, expr=_counted(objective, name, _grown(objective, tile))
        )
    known = _now(objective, leaving_out.first(objective, names.TOTAL_TILE)) * 0 + 1
    expr = _counted(objective, names.TILES_COUNTED, known)
    yield Record(name=names.TILES_COUNTED, labels=labels, expr=expr)
    # Last: a server that stops between the two forgets a tile, and never takes up the window before.
    mark = each(_now(objective, names.TILES_COUNTED) * 0, "+", _start(objective))
    yield Record(name=names.WINDOW_COUNTED, labels=labels, expr=mark)


def summed(objective: Objective, tile: str) -> Expr:
    """The events of the window per group, those of *tile*, with what silence costs."""
    if objective.calendar is not None:
        return _now(objective, names.counted(tile))
    known = tiles.over(tile, objective, objective.window)
    return silence.added(known, objective, objective.window) if tile in tiles.TILES else known


def seen(objective: Objective) -> Expr:
    """How many tiles of the window are known, per group."""
    if objective.calendar is not None:
        return _now(objective, names.TILES_COUNTED)
    return tiles.number(objective, objective.window)


def covered(objective: Objective) -> Expr:
    """The share of the window, as far as it has come, of which anything is known."""
    if objective.calendar is None:
        return seen(objective) / (objective.days * _DAY / TILE)
    passed = Call("vector", (_TIME,)) - _start(objective)
    share = each(seen(objective), "/", Call("clamp_min", (passed / TILE, Number(1))))
    return Call("clamp_max", (share, Number(1)))


def spent(objective: Objective, share: Expr) -> Expr:
    """The *share* of bad events, where a window that is not over yet has all its events still to come at the pace so far."""
    if objective.calendar is None:
        return share
    passed = Call("vector", (_TIME,)) - _start(objective)
    return each(share, "*", passed / length(objective))


def length(objective: Objective) -> Expr:
    """The seconds from the window's begin to its end."""
    if objective.calendar is None:
        return Number(objective.days * _DAY)
    return _latest(objective, names.WINDOW_END) - _latest(objective, names.WINDOW_START)


def lasting(objective: Objective, seconds: Expr) -> Expr:
    """Those *seconds* per group that the window still has."""
    if objective.calendar is None:
        return seconds
    left = _latest(objective, names.WINDOW_END) - Call("vector", (_TIME,))
    return each(seconds, "<=", left)


def each(groups: Expr, operator: str, one: Expr) -> Expr:
    """*operator* between each of the *groups* and *one*, which all have in common."""
    if isinstance(one, Number):
        return Binary(operator, groups, one)
    return Binary(operator, groups, one, Matching((), ()))


def _counted(objective: Objective, name: str, new: Expr) -> Expr:
    labels, by = {names.SLO: objective.name}, objective.by
    series = Recorded(name, labels)
    # The newest sample first: that of a series with other labels, from before a change of the spec, is not added to ours.
    before = Aggregate("sum", by, series.over("", _BEFORE)).or_(
        Aggregate("sum", by, Call("last_over_time", (series.over(_LOOK_BACK),)))
    )
    window = Recorded(names.WINDOW_COUNTED, labels).over(_LOOK_BACK)
    last = Aggregate("max", by, Call("last_over_time", (window,)))
    kept = before.and_(each(last, "==", _start(objective)))
    return (new + kept.or_(new * 0)).or_(kept).and_on(_start(objective))


def _grown(objective: Objective, tile: str) -> Expr:
    """The events of the tile that was just recorded, with those that silence costs."""
    known = _now(objective, tile)
    if tile in tiles.TILES and silence.costs(objective):
        return tiles.together(known, _now(objective, names.SILENT_TILE))
    return known


def _start(objective: Objective) -> Expr:
    return Aggregate("max", (), Recorded(names.WINDOW_START, {names.SLO: objective.name}))


def _now(objective: Objective, name: str) -> Expr:
    return Aggregate("sum", objective.by, Recorded(name, {names.SLO: objective.name}))


def _latest(objective: Objective, name: str) -> Expr:
    series = Recorded(name, {names.SLO: objective.name}).over(tiles.FRESH)
    return Aggregate("max", (), Call("last_over_time", (series,)))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Windows of the same length, one after the other."""

    first: int
    length: int


class _Run:
    """The begins of a calendar's windows as PromQL: the phase and the length change at some times, and hold between them."""

    def __init__(self, of: Calendar) -> None:
        since = datetime(calendar.SINCE, 1, 1, tzinfo=UTC).timestamp()
        begins = [one for one, end in pairwise(calendar.starts(of)) if end > since]
        begins.append(calendar.starts(of)[-1])
        self._first, self._last = begins[0], begins[-1]
        stretches = _stretches(begins)
        phase = _stepped(stretches, [one.first for one in stretches])
        self.length = _stepped(stretches, [one.length for one in stretches])
        self._start = _TIME - (_TIME - phase) % self.length

    @property
    def start(self) -> Expr:
        """The begin of the present window; nothing if there is none."""
        now = Call("vector", (_TIME,))
        return Call("vector", (self._start,)).and_on((now >= self._first) < self._last)


def _stretches(begins: Sequence[int]) -> list[_Stretch]:
    found: list[_Stretch] = []
    for begin, end in pairwise(begins):
        if not found or found[-1].length != end - begin:
            found.append(_Stretch(begin, end - begin))
    return found


def _stepped(stretches: Sequence[_Stretch], values: Sequence[int]) -> Expr:
    """The value that belongs to the present stretch, as a sum of steps that have been taken."""
    found: Expr = Number(values[0])
    for (before, value), stretch in zip(pairwise(values), stretches[1:], strict=True):
        found = found + Number(value - before) * _TIME.reaches(stretch.first)
    return found
