"""Points in time as text, in UTC: a page is read beside logs of many machines."""

from datetime import UTC, datetime


def clock(at: float) -> str:
    """`12:31:05`."""
    return _moment(at).strftime("%H:%M:%S")


def minute(at: float) -> str:
    """`12:31`."""
    return _moment(at).strftime("%H:%M")


def day(at: float) -> str:
    """`3 May`."""
    return f"{_moment(at).day} {_moment(at):%b}"


def stamp(at: float) -> str:
    """`3 May 12:31:05`."""
    return f"{day(at)} {clock(at)}"


def iso(at: float) -> str:
    """For the `datetime` attribute."""
    return _moment(at).isoformat(timespec="seconds")


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
