"""When a line of a text log was written, by the stamp that it begins with."""

import re
import time
from datetime import datetime

ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
SYSLOG = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?"
CTIME = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"

_FRACTION = re.compile(r"[.,](\d+)")
_DAY = 86_400.0


def seconds(stamp: str, now: float) -> float | None:
    """Seconds since 1970, in local time where the stamp names no zone; None if there is no such time."""
    try:
        if stamp[:1].isdigit():
            return datetime.fromisoformat(_microseconds(stamp)).timestamp()
        if stamp[4:7].isalpha():
            return time.mktime(time.strptime(stamp, "%a %b %d %H:%M:%S %Y"))
        return _this_year_or_last(stamp, now)
    except (ValueError, OverflowError):
        return None


def _microseconds(stamp: str) -> str:
    """Python 3.11 reads no more than six digits of a fraction."""
    return _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), stamp)


def _this_year_or_last(stamp: str, now: float) -> float:
    """Syslog leaves the year out; a stamp of tomorrow is of the year before."""
    year = time.localtime(now).tm_year
    text = stamp.partition(".")[0]
    at = time.mktime(time.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S"))
    if at > now + _DAY:
        at = time.mktime(time.strptime(f"{year - 1} {text}", "%Y %b %d %H:%M:%S"))
    return at
