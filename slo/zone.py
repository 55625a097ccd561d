"""What a wall's clock shows: seconds since 1970 as it would count them, in Python and in PromQL, which knows no time zones."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from catalog.promql.expr import Call, Expr, Number
from slo.calendar import HORIZON, SINCE, zone

_DAY = 86_400


def wall(name: str, at: float) -> float:
    """What the clock of the zone called *name* shows at *at*."""
    shown = datetime.fromtimestamp(at, zone(name)).utcoffset() or timedelta()
    return at + shown.total_seconds()


def wall_expr(name: str) -> Expr:
    """The same of the time of the evaluation: an offset that changes at the times that are known up to the horizon."""
    (_, first), *changes = _offsets(name)
    found: Expr = Call("time", ()) + Number(first)
    before = first
    for at, offset in changes:
        found = found + Number(offset - before) * Call("time", ()).reaches(at)
        before = offset
    return found


@cache
def _offsets(name: str) -> tuple[tuple[int, float], ...]:
    return tuple(_changes(name))


def _changes(name: str) -> Iterator[tuple[int, float]]:
    """Since when the clock is how many seconds ahead of UTC."""
    at = int(datetime(SINCE, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(HORIZON, 1, 1, tzinfo=UTC).timestamp())
    offset = wall(name, at) - at
    yield at, offset
    for day in range(at, end, _DAY):
        later = wall(name, day + _DAY) - day - _DAY
        if later != offset:
            offset = later
            yield _begin(name, day, day + _DAY), offset


def _begin(name: str, before: int, after: int) -> int:
    """The first second of the offset that holds at *after*."""
    offset = wall(name, after) - after
    while after - before > 1:
        middle = (before + after) // 2
        if wall(name, middle) - middle == offset:
            after = middle
        else:
            before = middle
    return after
