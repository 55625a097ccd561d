"""Time that does not count: maintenance by schedule or by date, and for which groups.

Whole tiles are left out, each that overlaps: up to five minutes more at either end.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType

from catalog.errors import ConfigError
from catalog.promql.expr import Call, Expr
from slo.calendar import zone
from slo.cron import Cron, Span
from slo.names import SLO
from slo.zone import wall, wall_expr

_DAY = 86_400
_HOUR = 3600
LONGEST = 23 * _HOUR
"""Of one maintenance by schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """From one moment to another.

    Raises:
        ConfigError: it ends before it begins.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ConfigError("it ends before it begins")

    def overlaps(self, at: float, width: int) -> bool:
        """Whether any of the *width* seconds that end at *at* lies in it."""
        return self.start < at < self.end + width

    def now(self, width: int) -> Expr:
        """The same of the evaluation, as a series or none."""
        return (Call("vector", (Call("time", ()),)) > self.start) < self.end + width


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Again and again, by the clock on the wall: an hour that it shows twice is left out twice.

    Attributes:
        seconds: that it lasts.
        start, end: the times between which the schedule is in force, if there are any.

    Raises:
        ConfigError: it is too short, too long, or in no zone.
    """

    cron: Cron
    seconds: int
    zone: str
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        zone(self.zone)
        if not 0 < self.seconds <= LONGEST:
            raise ConfigError(
                f"a maintenance by schedule lasts up to {LONGEST // _HOUR} h; write a longer one with `start` and `end`"
            )

    def overlaps(self, at: float, width: int) -> bool:
        if self.start is not None and at <= self.start:
            return False
        if self.end is not None and at >= self.end + width:
            return False
        shown = wall(self.zone, at)
        return any(self._began(shown - time, width) for time in self.cron.times)

    def now(self, width: int) -> Expr:
        shown, (first, *more) = wall_expr(self.zone), self.cron.times
        found = self._began_expr(shown - first, width)
        for time in more:
            found = found.or_(self._began_expr(shown - time, width))
        moment = Call("vector", (Call("time", ()),))
        if self.start is not None:
            found = found.and_(moment > self.start)
        if self.end is not None:
            found = found.and_(moment < self.end + width)
        return found

    def _began(self, since: float, width: int) -> bool:
        """Whether it is on, *since* the midnight that begins when it does."""
        day = datetime.fromtimestamp(since, UTC)
        return 0 < since % _DAY < self.seconds + width and all(
            not spans or any(first <= value <= last for first, last in spans)
            for spans, value in (
                (self.cron.weekdays, day.isoweekday() % 7),
                (self.cron.month_days, day.day),
                (self.cron.months, day.month),
            )
        )

    def _began_expr(self, since: Expr, width: int) -> Expr:
        found: Expr = (Call("vector", (since % _DAY,)) > 0) < self.seconds + width
        for function, spans in (
            ("day_of_week", self.cron.weekdays),
            ("day_of_month", self.cron.month_days),
            ("month", self.cron.months),
        ):
            if spans:
                found = found.and_(_in(Call(function, (Call("vector", (since,)),)), spans))
        return found


def _in(value: Expr, spans: tuple[Span, ...]) -> Expr:
    first, *more = ((value >= least) <= most for least, most in spans)
    found: Expr = first
    for one in more:
        found = found.or_(one)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Events that do not count.

    Attributes:
        where: labels of the groups that it is about, as matchers; all groups if empty. `slo` names objectives.
        source: the file and line that say so.
    """

    reason: str
    when: Dates | Schedule
    where: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    author: str = ""
    source: str = ""

    def of(self, slo: str) -> "Exclusion | None":
        """What it means to the objective called *slo*, which a matcher may exclude."""
        rest = {label: wanted for label, wanted in self.where.items() if label != SLO}
        wanted = self.where.get(SLO, slo)
        sign = next((sign for sign in ("=~", "!~", "!=") if wanted.startswith(sign)), "")
        text = wanted.removeprefix(sign)
        same = re.fullmatch(text, slo) is not None if "~" in sign else text == slo
        return replace(self, where=rest) if same != sign.startswith("!") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Events that were counted wrongly: added, or taken away where the number is below 0.

    Attributes:
        at: the time that they belong to.
        group: the values of the labels that the objective groups by.
    """

    at: float
    group: tuple[str, ...]
    total: float
    bad: float
    reason: str
    author: str
    source: str = ""
