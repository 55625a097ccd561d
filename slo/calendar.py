"""Calendar windows: when each begins, by the clock on the wall of an IANA time zone."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from catalog.errors import ConfigError

EARLIEST = 2000
SINCE, HORIZON = 2026, 2032
"""Rules know the time from one year to the other: zones change their ways, and rule files would grow for ever."""
_MONTHS = 12


class Unit(StrEnum):
    """The letters of OpenSLO's durations (https://github.com/OpenSLO/OpenSLO/tree/v1.0#durationshorthand)."""

    DAY = "d"
    WEEK = "w"
    MONTH = "M"
    QUARTER = "Q"
    YEAR = "Y"


_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}
_IN_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
_LONGEST = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Windows that follow each other from *first* on.

    Attributes:
        first: when the first one begins, on the wall's clock; a window of months keeps its day, or takes the month's last.
        zone: the name of the time zone.
        count: of units that a window has.

    Raises:
        ConfigError: there are no such windows.
    """

    first: datetime
    zone: str
    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        zone(self.zone)
        if self.count < 1:
            raise ConfigError(f"a window of {self.shorthand} never ends; take at least one unit")
        if not EARLIEST <= self.first.year < HORIZON:
            raise ConfigError(
                f"windows begin from {EARLIEST} to {HORIZON - 1}, and the first is to begin in {self.first.year}"
            )

    @property
    def shorthand(self) -> str:
        """The length of a window as OpenSLO writes it."""
        return f"{self.count}{self.unit}"

    @property
    def described(self) -> str:
        """The length of a window in words."""
        word = self.unit.name.lower()
        return f"a calendar {word}" if self.count == 1 else f"{self.count} calendar {word}s"

    @property
    def days(self) -> int:
        """Of the longest window."""
        return self.count * _LONGEST[self.unit]

    def window(self, at: float) -> tuple[float, float] | None:
        """Begin and end of the window that *at* lies in; None before the first and after the last."""
        return next(((one, end) for one, end in pairwise(starts(self)) if one <= at < end), None)


@cache
def starts(of: Calendar) -> tuple[int, ...]:
    """When each window begins, in seconds since 1970; the last begins none, it is where the last window ends."""
    found: list[int] = []
    for wall in _walls(of):
        found.append(int(wall.replace(tzinfo=zone(of.zone)).timestamp()))
        if found[-1] >= datetime(HORIZON, 1, 1, tzinfo=UTC).timestamp():
            break
    return tuple(found)


def zone(name: str) -> ZoneInfo:
    """The time zone called *name*.

    Raises:
        ConfigError: there is none, or this machine has no time zones.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            f"there is no time zone {name!r} here; expected an IANA name, such as Europe/Berlin or UTC "
            "(a machine without time zones needs the package tzdata)"
        ) from error


def _walls(of: Calendar) -> Iterator[datetime]:
    """What the wall's clock shows at each begin, without end."""
    number = 0
    while True:
        if of.unit in _DAYS:
            yield of.first + timedelta(days=number * of.count * _DAYS[of.unit])
        else:
            yield _later(of.first, number * of.count * _IN_MONTHS[of.unit])
        number += 1


def _later(first: datetime, months: int) -> datetime:
    years, month = divmod(first.month - 1 + months, _MONTHS)
    year = first.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return first.replace(year=year, month=month + 1, day=min(first.day, last))
