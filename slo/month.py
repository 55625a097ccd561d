"""A calendar month in a time zone, and its days."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from catalog.errors import ConfigError
from slo.calendar import zone as known

_WRITTEN = re.compile(r"((?:19|20)\d\d)-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True)
class Day:
    """One day; it has 23 or 25 hours where clocks are changed."""

    date: date
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Month:
    """One month, which the days of *zone* make up."""

    first: date
    zone: ZoneInfo

    @classmethod
    def named(cls, written: str, zone: str) -> "Month":
        """The month that is written so: `2026-10`.

        Raises:
            ConfigError: there is no such month, or no such zone.
        """
        match = _WRITTEN.match(written)
        if match is None:
            raise ConfigError(f"{written!r} is no month; write it as 2026-10")
        return cls(date(int(match[1]), int(match[2]), 1), known(zone))

    @property
    def start(self) -> float:
        """Seconds since 1970."""
        return self._midnight(self.first)

    @property
    def end(self) -> float:
        """Where the next month begins."""
        return self._midnight((self.first + timedelta(days=31)).replace(day=1))

    def days(self) -> Iterator[Day]:
        """All of them."""
        day = self.first
        while day.month == self.first.month:
            after = day + timedelta(days=1)
            yield Day(day, self._midnight(day), self._midnight(after))
            day = after

    def _midnight(self, day: date) -> float:
        return datetime.combine(day, time(), self.zone).timestamp()

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"
