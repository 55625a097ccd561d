import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.metrics import power
from catalog.snapshot import Layout, Reading
from history.minute import CounterMinute, GaugeMinute, Minute
from history.rollup import Rollup
from tests.history.samples import ENERGY, LAYOUT, POWER, T0, counter, gauge, reading

NEXT = T0 + 60
"""The minute after."""


def feed(rollup: Rollup, readings: Sequence[Reading], uuid: str = "GPU-a") -> None:
    """Let *rollup* observe them in turn."""
    for each in readings:
        rollup.observe(uuid, each)


def gauges(minutes: Sequence[Minute]) -> list[GaugeMinute]:
    """Those of gauges."""
    return [minute for minute in minutes if isinstance(minute, GaugeMinute)]


def counters(minutes: Sequence[Minute]) -> list[CounterMinute]:
    """Those of counters."""
    return [minute for minute in minutes if isinstance(minute, CounterMinute)]


def test_one_full_minute() -> None:
    """A minute of steady readings is covered in full, and only metrics that history keeps are in it."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + second, 400.0, 1000.0 + second) for second in range(65)])

    minutes = rollup.due(NEXT + 5)

    assert minutes == (gauge(T0, 400.0), counter(T0, 59.0, 1059.0))


def test_mean_is_weighted_by_time() -> None:
    """A value that held for 45 s counts three times as much as one that held for 15 s."""
    rollup = Rollup(slowest=60)
    feed(rollup, [reading(T0, 100.0, 0.0), reading(T0 + 45, 500.0, 0.0)])

    (minute,) = gauges(rollup.flush(NEXT))

    assert (minute.low, minute.mean, minute.high, minute.last) == (100.0, 200.0, 500.0, 500.0)


def test_a_value_is_held_into_the_next_minute() -> None:
    """What was read before a minute counts in it until the first reading there."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + at, 100.0, 0.0) for at in (40, 50)])
    feed(rollup, [reading(NEXT + at, 200.0, 0.0) for at in (10, 20, 30, 40, 50, 60)])

    minutes = gauges(rollup.due(NEXT + 65))

    assert [minute.mean for minute in minutes] == [
        100.0,
        pytest.approx((100 * 10 + 200 * 50) / 60),
    ]
    assert [(minute.low, minute.covered) for minute in minutes] == [(100.0, 20.0), (100.0, 60.0)]


def test_a_slow_tier_covers_every_minute() -> None:
    """A reading per 70 s leaves no minute without a value, not even one that no reading falls in."""
    rollup = Rollup(slowest=70)
    feed(rollup, [reading(T0 + 70.0 * n, 1.0, 5.0) for n in range(10)])

    minutes = rollup.due(T0 + 665)

    assert [minute.at for minute in gauges(minutes)] == [T0 + 60 * n for n in range(11)]
    assert [minute.covered for minute in gauges(minutes)[1:]] == [60.0] * 10
    assert [minute.at for minute in counters(minutes)] == [T0 + 60 * n for n in range(11)]


def test_a_silent_gpu_is_not_covered() -> None:
    """A value holds for three periods of its own cadence, then nothing is known."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + second, 300.0, 0.0) for second in range(11)])

    minutes = rollup.due(T0 + 300)

    assert [(minute.at, minute.covered) for minute in gauges(minutes)] == [(T0, 13.0)]


def test_a_reading_out_of_turn_does_not_change_the_cadence() -> None:
    """An extra reading right after another leaves the slow tier's coverage whole."""
    rollup = Rollup()
    times = (0, 60, 60.5, 120, 180, 240)
    feed(rollup, [reading(T0 + at, 1.0, 0.0) for at in times])

    minutes = rollup.due(T0 + 245)

    assert [minute.covered for minute in gauges(minutes)] == [60.0] * 4


def test_a_late_reading_covers_only_what_is_left() -> None:
    """A reading that arrives after its minute was written joins it, without covering time twice."""
    rollup = Rollup(grace=0)
    feed(rollup, [reading(T0 + second, 300.0, float(second)) for second in range(59)])
    first = rollup.due(NEXT)
    feed(rollup, [reading(T0 + 59.5, 300.0, 59.5), reading(NEXT + 1, 300.0, 61.0)])
    second = rollup.flush(NEXT + 1)

    covered = [minute.covered for minute in gauges([*first, *second])]

    assert covered == [60.0, 1.0]
    assert sum(minute.increase for minute in counters([*first, *second])) == 61.0


def test_the_minute_of_an_increase_is_that_of_the_later_reading() -> None:
    """The difference across a minute's end belongs to the minute of the later reading."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + 50, 0.0, 10.0), reading(NEXT + 10, 0.0, 17.0)])

    minutes = counters(rollup.flush(NEXT + 10))

    assert [(minute.at, minute.increase) for minute in minutes] == [(T0, 0.0), (NEXT, 7.0)]


def test_first_reading_ever_has_no_increase() -> None:
    """A counter that nobody knew before starts at whatever it says."""
    rollup = Rollup()
    feed(rollup, [reading(T0, 0.0, 5e6)])

    assert rollup.flush(T0) == (counter(T0, 0.0, 5e6),)


def test_increase_over_a_downtime() -> None:
    """The last stored value is the predecessor of the first reading after a restart."""
    rollup = Rollup({ENERGY: 100.0})
    feed(rollup, [reading(T0, 0.0, 140.0)])

    assert rollup.flush(T0) == (counter(T0, 40.0, 140.0),)


def test_a_drop_is_a_reset() -> None:
    """After a drop the new value counts from 0, also when it fell while nobody looked."""
    rollup = Rollup({ENERGY: 100.0})
    feed(rollup, [reading(T0 + n, 0.0, joules) for n, joules in enumerate((30.0, 35.0, 2.0))])

    assert counters(rollup.flush(T0 + 2)) == [counter(T0, 37.0, 2.0)]


def test_a_new_layout_continues_the_old_one() -> None:
    """A series that moves to another layout is covered once and keeps its counter's predecessor."""
    other = Layout(((power.NOW, ()), (power.ENERGY, ()), (power.LIMIT, ("enforced",))))
    rollup = Rollup()
    feed(rollup, [reading(T0 + n, 100.0, float(n)) for n in range(30)])
    feed(rollup, [reading(T0 + n, 100.0, float(n), other) for n in range(30, 61)])

    minutes = rollup.due(NEXT + 5)

    assert sum(minute.covered for minute in gauges(minutes)) == 60.0
    assert sum(minute.increase for minute in counters(minutes)) == 59.0


def test_a_new_layout_keeps_the_cadence() -> None:
    """A GPU that falls silent right after its layout changed is not covered for longer than others."""
    other = Layout(((power.NOW, ()),))
    rollup = Rollup()
    feed(rollup, [reading(T0 + n, 100.0, 0.0) for n in range(10)])
    feed(rollup, [Reading(at=T0 + 10.0, layout=other, values=(100.0,))])

    minutes = gauges(rollup.due(NEXT + 5))

    assert sum(minute.covered for minute in minutes) == 13.0


def test_same_layout_on_two_gpus() -> None:
    """GPUs do not share a track, even if they share a layout."""
    rollup = Rollup()
    feed(rollup, [reading(T0, 100.0, 0.0), reading(T0 + 1, 100.0, 0.0)], "GPU-a")
    feed(rollup, [reading(T0, 200.0, 0.0), reading(T0 + 1, 200.0, 0.0)], "GPU-b")

    minutes = gauges(rollup.flush(T0 + 1))

    assert [(minute.key.uuid, minute.mean) for minute in minutes] == [
        ("GPU-a", 100.0),
        ("GPU-b", 200.0),
    ]


def test_due_gives_nothing_before_the_grace_is_over() -> None:
    """Until readings under way must have arrived, and again until the next minute, nothing is due."""
    rollup = Rollup(grace=5)
    feed(rollup, [reading(T0 + n, 100.0, 0.0) for n in range(59)])

    assert rollup.due(T0 + 59) == ()

    feed(rollup, [reading(T0 + n, 100.0, 0.0) for n in range(59, 62)])

    assert rollup.due(NEXT + 4.9) == ()
    assert len(rollup.due(NEXT + 5)) == 2
    assert rollup.due(NEXT + 6) == ()


def test_forgets_a_gpu_that_is_gone() -> None:
    """A track that was silent for ten minutes is dropped; its counter's last value is not."""
    rollup = Rollup()
    feed(rollup, [reading(T0, 100.0, 50.0)])
    rollup.due(T0 + 1000)
    feed(rollup, [reading(T0 + 2000, 100.0, 80.0)])

    assert counters(rollup.flush(T0 + 2000)) == [counter(T0 + 1980, 30.0, 80.0)]


def test_a_clock_that_is_set_back_starts_over() -> None:
    """After the clock went back an hour, readings cover time from there on."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + n, 100.0, float(n)) for n in range(30)])
    feed(rollup, [reading(T0 - 3600 + n, 100.0, 30.0 + n) for n in range(30)])

    minutes = rollup.flush(T0 - 3600 + 29)

    assert {minute.at: minute.covered for minute in gauges(minutes)} == {T0: 29.0, T0 - 3600: 29.0}
    assert sum(minute.increase for minute in counters(minutes)) == 59.0


values = st.floats(0, 1e6)
steps = st.lists(st.tuples(st.floats(0.6, 1.4), values), min_size=2, max_size=300)


@given(steps)
def test_gauges_equal_brute_force(steps: list[tuple[float, float]]) -> None:
    """Lowest, mean, highest and last of a minute are those of the step function over raw readings."""
    at = float(T0)
    samples = []
    for wait, value in steps:
        samples.append((at, value))
        at += wait
    rollup = Rollup()
    feed(rollup, [reading(at, value, 0.0) for at, value in samples])

    minutes = gauges(rollup.flush(samples[-1][0]))

    for minute in minutes:
        pieces = [
            (max(a, minute.at), min(b, minute.at + 60), value)
            for (a, value), (b, _) in pairwise(samples)
            if a < minute.at + 60 and b > minute.at
        ]
        area = math.fsum((stop - start) * value for start, stop, value in pieces)
        covered = math.fsum(stop - start for start, stop, _ in pieces)
        assert minute.covered == pytest.approx(covered, abs=1e-6)
        assert minute.mean == pytest.approx(area / covered, rel=1e-9, abs=1e-9)
        assert minute.low == min(value for _, _, value in pieces)
        assert minute.high == max(value for _, _, value in pieces)
    assert math.fsum(m.covered for m in minutes) == pytest.approx(samples[-1][0] - T0, abs=1e-6)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200), st.floats(0.5, 40))
def test_increase_equals_brute_force(counts: list[int], wait: float) -> None:
    """The increases of all minutes add up to the differences of the readings, resets included."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + n * wait, 0.0, float(count)) for n, count in enumerate(counts)])
    gained = sum(b - a if b >= a else b for a, b in pairwise(counts))

    minutes = counters(rollup.flush(T0 + len(counts) * wait))

    assert math.fsum(minute.increase for minute in minutes) == gained
    assert minutes[-1].last == counts[-1]


@given(values)
def test_mean_of_a_constant_is_that_constant(value: float) -> None:
    """Not a bit of a steady value is lost: what never changes must pack into nothing."""
    rollup = Rollup()
    feed(rollup, [reading(T0 + n * 1.0007, value, 0.0) for n in range(70)])

    assert {minute.mean for minute in gauges(rollup.flush(T0 + 70))} == {value}


def test_key_of_a_minute_names_its_labels() -> None:
    """Keys say by name what layouts say by position."""
    assert POWER.named() == {"uuid": "GPU-a"}
    assert LAYOUT.series[0] == (POWER.metric, POWER.labels)
