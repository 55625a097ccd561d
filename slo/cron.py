"""Cron's five fields: at which times of which days something begins (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.errors import ConfigError

Span = tuple[int, int]
"""From one number to another, both included."""
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", re.ASCII)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MINUTE, _HOUR = 60, 3600
_MOST_TIMES = 24


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Times of days.

    Attributes:
        times: in seconds since midnight.
        month_days, months, weekdays: when the days are restricted to some; Sunday is 0.
    """

    times: tuple[int, ...]
    month_days: tuple[Span, ...] = ()
    months: tuple[Span, ...] = ()
    weekdays: tuple[Span, ...] = ()


def parse(text: str) -> Cron:
    """What *text* says.

    Raises:
        ConfigError: it is none that we know.
    """
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ConfigError(
            f"expected five fields: minute, hour, day of the month, month, weekday, such as 0 2 * * sun; got {text!r}"
        )
    minutes, hours, days, months, weekdays = (
        sorted(set(_numbers(part, field))) for part, field in zip(parts, _FIELDS, strict=True)
    )
    if parts[2] != "*" and parts[4] != "*":
        raise ConfigError(
            f"{text!r} restricts both the day of the month and the weekday, which programs read differently; give one"
        )
    times = tuple(hour * _HOUR + minute * _MINUTE for hour in hours for minute in minutes)
    if len(times) > _MOST_TIMES:
        raise ConfigError(
            f"{text!r} begins {len(times)} times a day; at most {_MOST_TIMES} are taken"
        )
    return Cron(
        times=times,
        month_days=() if parts[2] == "*" else _spans(days),
        months=() if parts[3] == "*" else _spans(months),
        weekdays=() if parts[4] == "*" else _spans(sorted({day % 7 for day in weekdays})),
    )


def _numbers(text: str, field: _Field) -> Iterator[int]:
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]):
            raise _wrong(part, field)
        if match[1] == "*":
            first, last = field.least, field.most
        else:
            first = _number(match[1], field)
            last = _number(match[2], field) if match[2] else (field.most if match[3] else first)
        step = int(match[3] or 1)
        if last < first or step < 1:
            raise _wrong(part, field)
        yield from range(first, last + 1, step)


def _number(text: str, field: _Field) -> int:
    if text in field.words:
        return field.words.index(text) + field.least
    if not text.isdecimal() or not field.least <= int(text) <= field.most:
        raise _wrong(text, field)
    return int(text)


def _wrong(part: str, field: _Field) -> ConfigError:
    words = f", or {field.words[0]} to {field.words[-1]}" if field.words else ""
    return ConfigError(
        f"the {field.name} {part!r} is none; expected numbers from {field.least} to {field.most}{words}, "
        "lists (1,3), ranges (1-5), steps (*/2) or *"
    )


def _spans(numbers: list[int]) -> tuple[Span, ...]:
    """Runs of numbers."""
    firsts = [number for number in numbers if number - 1 not in numbers]
    lasts = [number for number in numbers if number + 1 not in numbers]
    return tuple(zip(firsts, lasts, strict=True))
