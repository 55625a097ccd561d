"""A past made of one hour."""

from itertools import pairwise

import pytest

from catalog.metrics import utilization
from history.database import Database
from history.minute import Key
from history.question import Function, Question
from history.repetition import repeat
from history.sqlite import SqliteHistory
from tests.history.samples import DAY, ENERGY, POWER, T0, counter, gauge

HOUR = 3600
NOON = T0 + 40 * DAY + 12 * HOUR
GAIN = 2.0
"""Of the counters, a minute."""
BUSY = Key("GPU-a", utilization.BUSY)


@pytest.fixture
def played(history: SqliteHistory) -> SqliteHistory:
    """The hour after noon, and what was played before it."""
    for minute in range(-1, 60):
        at = NOON + 60 * minute
        history.append([gauge(at, float(minute)), counter(at, GAIN, 1e9 + GAIN * minute)])
        history.append([counter(at, GAIN, GAIN * (minute + 2), BUSY)])
    return history


def asked(
    history: SqliteHistory, key: Key, function: Function, **span: float
) -> list[float | None]:
    """The values of one series, by the hour unless *span* says otherwise."""
    question = Question(
        metric=key.metric,
        function=function,
        start=span.get("start", NOON - 2 * DAY),
        end=span.get("end", NOON + HOUR),
        step=int(span.get("step", HOUR)),
    )
    (line,) = history.answer(question)
    return list(line.values)


def test_every_hour_is_the_same(database: Database, played: SqliteHistory) -> None:
    """Whole days and the hours of today alike, minute by minute; what was there before the hour is not counted twice."""
    repeat(database, NOON, 30, {})

    assert asked(played, POWER, Function.MEAN) == [pytest.approx(29.5)] * 49
    assert asked(played, ENERGY, Function.INCREASE) == [pytest.approx(60 * GAIN)] * 49
    minutes = asked(played, POWER, Function.LAST, start=NOON - HOUR, step=60)
    assert minutes == [*map(float, range(60))] * 2


def test_it_goes_back_so_many_days(database: Database, played: SqliteHistory) -> None:
    """Whole days, the oldest of them no older than a history may keep."""
    repeat(database, NOON, 30, {})

    assert played.span() == (T0 + 11 * DAY, NOON + HOUR)
    played.maintain(NOON + HOUR)
    assert played.span() == (T0 + 11 * DAY, NOON + HOUR)


def test_counters_rise_until_now(database: Database, played: SqliteHistory) -> None:
    """One of ours began at 0: it is lifted by what it would have counted, and goes on from there."""
    totals = repeat(database, NOON, 30, {BUSY: 999.0})

    for key in (ENERGY, BUSY):
        lasts = asked(played, key, Function.LAST, start=T0 + 11 * DAY)
        gains = [now - before for before, now in pairwise(lasts)]  # type: ignore[operator]
        assert gains == [pytest.approx(60 * GAIN)] * (len(lasts) - 1)
        assert lasts[0] is not None
        assert lasts[0] >= 0
    assert totals[BUSY] - 999.0 == pytest.approx(60 * GAIN * (29 * 24 + 12) - 2 * GAIN)


def test_the_days_are_kept_as_any_others(database: Database, played: SqliteHistory) -> None:
    """Work that keeps the file small finds nothing wrong with them, and they go when they are too old."""
    repeat(database, NOON, 30, {})
    for minute in range(200):
        played.maintain(NOON + 3 * DAY + 60 * minute)
    assert asked(played, POWER, Function.MEAN) == [pytest.approx(29.5)] * 49

    played.maintain(NOON + 30 * DAY)

    assert played.span() == (T0 + 35 * DAY, NOON + HOUR)
