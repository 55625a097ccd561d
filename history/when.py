"""Points and lengths of time as people write them."""

import re
from datetime import datetime

from catalog.errors import HistoryError

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# Twelve digits are 30,000 years of seconds; a float ends at 308 and Python's own reader of numbers at 4,300.
_SECONDS = re.compile(r"[0-9]{1,12}\Z")
_LENGTH = re.compile(r"(?:[0-9]{1,12}[smhdw])+\Z")
_PIECE = re.compile(r"([0-9]+)([smhdw])")
_EPOCH = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")
_LATEST = 253_402_300_800.0  # the year 10000


def length(text: str) -> int:
    """Seconds in `30s`, `5m`, `1h30m`, `7d`, `2w`, or a plain number of seconds.

    Raises:
        HistoryError: it is none of these.
    """
    if _SECONDS.match(text):
        return int(text)
    if not _LENGTH.match(text):
        raise HistoryError(f"{text!r} is not a length of time; write 90, 30s, 5m, 1h30m, 7d or 2w")
    return sum(int(number) * _UNITS[unit] for number, unit in _PIECE.findall(text))


def point(text: str, now: float) -> float:
    """Seconds since 1970 of `now`, `-24h`, `now-24h`, `2026-07-01T12:00:00Z` or seconds since 1970.

    Raises:
        HistoryError: it is none of these, or a date without a time zone.
    """
    if text == "now":
        return now
    if (ago := text.removeprefix("now")).startswith("-"):
        return _plausible(now - length(ago[1:]), text)
    if _EPOCH.match(text):
        return _plausible(float(text), text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise HistoryError(
            f"{text!r} is not a time; write now, -24h, 2026-07-01T12:00:00Z or seconds since 1970"
        ) from None
    if moment.tzinfo is None:
        raise HistoryError(
            f"{text!r} has no time zone; add Z for UTC, or an offset such as +02:00"
        )
    return _plausible(moment.timestamp(), text)


def _plausible(seconds: float, text: str) -> float:
    if not 0 <= seconds < _LATEST:
        raise HistoryError(
            f"{text!r} is not between 1970 and the year 9999; are these milliseconds?"
        )
    return seconds
