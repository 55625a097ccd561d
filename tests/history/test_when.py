from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.errors import HistoryError
from history import when

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", NOW),
        ("-24h", NOW - 86_400),
        ("now-1h30m", NOW - 5_400),
        ("-2w", NOW - 1_209_600),
        ("2026-07-01T12:00:00Z", 1_782_907_200.0),
        ("2026-07-01T14:00:00+02:00", 1_782_907_200.0),
        ("1782907200", 1_782_907_200.0),
        ("1782907200.5", 1_782_907_200.5),
    ],
)
def test_points(text: str, seconds: float) -> None:
    """Relative, ISO 8601 with a zone, or seconds since 1970."""
    assert when.point(text, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is not a time; write now, -24h"),
        ("", "is not a time"),
        ("2026-07-01T12:00:00", "has no time zone; add Z"),
        ("2026-07-01", "has no time zone"),
        ("2026-13-01T00:00:00Z", "is not a time"),
        ("1782907200000", "are these milliseconds"),
        ("-24", None),
        ("-24x", "'24x' is not a length of time; write 90, 30s"),
        ("now-", "'' is not a length"),
        ("-99999w", "is not between 1970"),
        ("1e9", "is not a time"),
        ("nan", "is not a time"),
    ],
)
def test_not_points(text: str, message: str | None) -> None:
    """What is no time is refused with what to write instead; a bare number of seconds ago is fine."""
    if message is None:
        assert when.point(text, NOW) == NOW - 24
    else:
        with pytest.raises(HistoryError, match=message):
            when.point(text, NOW)


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=offsets)  # noqa: DTZ001


@given(moments)
def test_iso_round_trip(moment: datetime) -> None:
    """Whatever Python writes as ISO 8601 with a zone is read as the same moment."""
    assert when.point(moment.isoformat(), NOW) == moment.timestamp()
    assert when.point(moment.astimezone(UTC).isoformat(), NOW) == moment.timestamp()


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("smhdw")), min_size=1, max_size=3))
def test_lengths_add_up(pieces: list[tuple[int, str]]) -> None:
    """A length is the sum of its pieces, and going back by it is subtracting it."""
    text = "".join(f"{number}{unit}" for number, unit in pieces)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    total = sum(number * seconds[unit] for number, unit in pieces)

    assert when.length(text) == total
    assert when.point(f"-{text}", NOW) == NOW - total


@given(st.text() | st.from_regex(r"-?[0-9]{0,400}[smhdw]?([0-9]+[mw])?", fullmatch=True))
@example("9" * 5000)
@example("-" + "9" * 5000)
@example("-" + "9" * 400 + "w")
def test_any_text_is_a_time_or_refused(text: str) -> None:
    """No text makes the parser fail in another way."""
    try:
        seconds = when.point(text, NOW)
    except HistoryError:
        return
    assert 0 <= seconds < 253_402_300_800
