"""From the time window of an SLO to what an objective knows of it: days that roll, or windows of the calendar."""

import re
from datetime import datetime

from catalog.errors import ConfigError
from catalog.yamlfile import Document, Place
from slo.calendar import Calendar, Unit
from slo.openslo.reading import path
from slo.openslo.shapes import Calendar as WrittenCalendar
from slo.openslo.shapes import SloSpec, TimeWindow

_DURATION = re.compile(r"(\d{1,4})([dwMQY])")
_DAYS = {"d": 1, "w": 7}


def window(document: Document, spec: SloSpec) -> tuple[int, Calendar | None]:
    """The days of the longest window, and the calendar if there is one.

    Raises:
        ConfigError: there are several windows, or none that we can keep.
    """
    place: Place = ("spec", "timeWindow")
    if len(spec.time_window) != 1:
        raise _wrong(document, "exactly one time window is expected", place)
    written = spec.time_window[0]
    if written.calendar is None:
        return _rolling(document, written, (*place, 0)), None
    found = _calendar(document, written, written.calendar, (*place, 0))
    return found.days, found


def _rolling(document: Document, written: TimeWindow, place: Place) -> int:
    match = _DURATION.fullmatch(written.duration)
    if not written.is_rolling or not match or match[2] not in _DAYS:
        text = (
            "expected a rolling window of days or weeks, such as {duration: 30d, isRolling: true}, "
            "or a calendar: {duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}"
        )
        raise _wrong(document, f"{text}; got {written.duration!r}", place)
    return int(match[1]) * _DAYS[match[2]]


def _calendar(
    document: Document, written: TimeWindow, calendar: WrittenCalendar, place: Place
) -> Calendar:
    if written.is_rolling:
        text = "a window of the calendar does not roll; leave out either isRolling or calendar"
        raise _wrong(document, text, place)
    match = _DURATION.fullmatch(written.duration)
    if match is None:
        text = f"expected a number and d, w, M, Q or Y, such as 1M for a month, got {written.duration!r}"
        raise _wrong(document, text, (*place, "duration"))
    try:
        first = datetime.fromisoformat(calendar.start_time)
    except ValueError:
        first = None
    if first is None or first.tzinfo is not None or first.microsecond:
        text = f"expected the time on the wall of the zone, such as 2026-01-01 00:00:00, got {calendar.start_time!r}"
        raise _wrong(document, text, (*place, "calendar", "startTime"))
    try:
        return Calendar(
            first=first, zone=calendar.time_zone, unit=Unit(match[2]), count=int(match[1])
        )
    except ConfigError as wrong:
        raise _wrong(document, str(wrong), (*place, "calendar")) from wrong


def _wrong(document: Document, message: str, place: Place) -> ConfigError:
    return document.error(f"{path(place)}: {message}", *place)
