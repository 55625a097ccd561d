"""When windows of the calendar begin."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from catalog.errors import ConfigError
from slo.calendar import Calendar, Unit, starts


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def calendar(first: str, unit: Unit, zone: str = "Europe/Berlin", count: int = 1) -> Calendar:
    return Calendar(first=datetime.fromisoformat(first), zone=zone, unit=unit, count=count)


@pytest.mark.parametrize(
    ("of", "when", "begin", "end"),
    [
        (calendar("2026-01-01", Unit.MONTH), "2026-03-31T21:59:59", "2026-02-28T23:00", "2026-03-31T22:00"),
        (calendar("2026-01-31", Unit.MONTH), "2026-03-01T12:00", "2026-02-27T23:00", "2026-03-30T22:00"),
        (calendar("2024-02-29T06:00", Unit.YEAR, "UTC"), "2027-06-01T00:00", "2027-02-28T06:00", "2028-02-29T06:00"),
        (calendar("2026-02-01", Unit.QUARTER, "America/New_York"), "2026-06-01T00:00", "2026-05-01T04:00", "2026-08-01T04:00"),
        (calendar("2026-01-05", Unit.WEEK, count=2), "2026-04-05T00:00", "2026-03-29T22:00", "2026-04-12T22:00"),
        (calendar("2026-03-28T02:30", Unit.DAY), "2026-03-29T12:00", "2026-03-29T01:30", "2026-03-30T00:30"),
    ],
)  # fmt: skip
def test_a_window_begins_by_the_clock_on_the_wall(
    of: Calendar, when: str, begin: str, end: str
) -> None:
    """Through summer time, short months and leap years; an hour that the clock leaps over begins when it does."""
    assert of.window(at(when)) == (at(begin), at(end))


def test_windows_are_listed_up_to_a_horizon() -> None:
    """There is none before the first and none after the last; they leave no gap."""
    of = calendar("2026-01-01", Unit.DAY)
    found = starts(of)

    assert of.window(found[0] - 1) is None
    assert of.window(found[-1]) is None
    assert {end - begin for begin, end in pairwise(found)} == {82_800, 86_400, 90_000}
    assert found[-1] == at("2031-12-31T23:00") + 86_400


@pytest.mark.parametrize(
    ("first", "zone", "count", "complaint"),
    [
        ("2026-01-01", "Europe/Berln", 1, "there is no time zone 'Europe/Berln' here; expected an IANA name"),
        ("2026-01-01", "../etc/passwd", 1, "expected an IANA name"),
        ("2026-01-01", "", 1, "expected an IANA name"),
        ("2026-01-01", "UTC", 0, "take at least one unit"),
        ("0001-01-01", "UTC", 1, "the first is to begin in 1"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_is_refused(
    first: str, zone: str, count: int, complaint: str
) -> None:
    """With what would do."""
    with pytest.raises(ConfigError) as caught:
        calendar(first, Unit.MONTH, zone, count)

    assert complaint in str(caught.value)
