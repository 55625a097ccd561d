"""What we count from readings: value times time, and nothing where nobody looked."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.metric import Kind, Metric, Unit
from catalog.metrics import clocks, pcie, utilization
from catalog.snapshot import Layout, Reading, Tier
from exporter.integrals import Integrals
from history.minute import Key

UUID = "GPU-a"
BUSY = Key(UUID, utilization.BUSY)
FAST = Layout(((utilization.UTILIZATION, ()),))
GAP = 3.0
"""Seconds between two readings of the one-second tier, more than which count as nothing."""


def reading(at: float, value: float, layout: Layout = FAST) -> Reading:
    """One value at one moment."""
    return Reading(at=at, layout=layout, values=(value,))


def observed(*points: tuple[float, float], start: float = 0.0) -> float:
    """Busy seconds after these (moment, utilisation)."""
    integrals = Integrals({BUSY: start})
    for at, value in points:
        integrals.observe(UUID, Tier.FAST, reading(at, value))
    return integrals.totals[BUSY]


def test_a_value_counts_for_the_time_since_the_one_before() -> None:
    """Half busy for two seconds is one second."""
    assert observed((10.0, 1.0), (12.0, 0.5)) == 1.0


def test_it_exists_at_zero() -> None:
    """The first reading makes the counter, so that no increment is lost to whoever reads it."""
    integrals = Integrals({})

    integrals.observe(UUID, Tier.FAST, reading(10.0, 1.0))

    assert integrals.reading(UUID, 10.0).values == (0.0,)


@given(
    steps=st.lists(st.tuples(st.floats(0, 8), st.floats(0, 1)), max_size=40),
    start=st.floats(0, 1e6),
)
def test_it_equals_the_sum_by_hand(steps: list[tuple[float, float]], start: float) -> None:
    """The total is that of a plain sum over all pairs of readings that are not too far apart, and never falls."""
    points, at = [], 1000.0
    for elapsed, value in steps:
        at += elapsed
        points.append((at, value))

    by_hand = start + sum(
        value * (now - before)
        for (before, _), (now, value) in pairwise(points)
        if now - before <= GAP
    )

    if points:
        assert observed(*points, start=start) == pytest.approx(by_hand)
        assert observed(*points, start=start) >= start


def test_a_gap_adds_nothing() -> None:
    """Nobody saw what a hung GPU did."""
    assert observed((10.0, 1.0), (13.5, 1.0), (14.5, 1.0)) == 1.0


def test_a_clock_that_jumps_back_takes_nothing_away() -> None:
    """A counter never falls."""
    assert observed((10.0, 1.0), (11.0, 1.0), (5.0, 1.0), (6.0, 1.0)) == 2.0


def test_a_fleet_that_is_rarely_scraped_has_no_gap() -> None:
    """How long a gap may be is the caller's to say."""
    integrals = Integrals({}, gap=math.inf)
    for at in (10.0, 100.0):
        integrals.observe(UUID, Tier.FAST, reading(at, 0.5))

    assert integrals.totals[BUSY] == 45.0


def test_tiers_have_clocks_of_their_own() -> None:
    """A rate of the ten-second tier counts for ten seconds, whatever was read between."""
    integrals = Integrals({})
    rates = Layout(((pcie.RECEIVE_RATE, ()),))
    for at in (10.0, 20.0):
        integrals.observe(UUID, Tier.MEDIUM, reading(at, 1e9, rates))
        integrals.observe(UUID, Tier.FAST, reading(at + 0.5, 1.0))

    assert integrals.totals[Key(UUID, pcie.RECEIVE)] == 1e10


def test_totals_go_on_after_a_restart() -> None:
    """What the store kept is where the counters go on; the time between is not counted."""
    assert observed((10.0, 1.0), (11.0, 1.0), start=41.0) == 42.0


ACTIVE = Layout(((clocks.EVENT_ACTIVE, ("sw_power_cap",)), (clocks.EVENT_ACTIVE, ("gpu_idle",))))
COUNTED = Layout(((clocks.EVENT_SECONDS, ("sw_power_cap",)),))


def shown(integrals: Integrals, metric: Metric = clocks.EVENT_SECONDS) -> dict[str, float]:
    """Our counters of one family, by their label."""
    read = integrals.reading(UUID, 0.0)
    return {sample.labels[0]: sample.value for sample in read.samples() if sample.metric is metric}


def test_the_drivers_own_counter_wins() -> None:
    """Where the driver counts the seconds itself ours is not shown, so that no series is there twice."""
    integrals = Integrals({})
    for at in (10.0, 11.0):
        integrals.observe(UUID, Tier.FAST, Reading(at=at, layout=ACTIVE, values=(1.0, 1.0)))
        integrals.observe(UUID, Tier.MEDIUM, reading(at, 1234.5, COUNTED))

    assert shown(integrals) == {"gpu_idle": 1.0}


def test_our_zero_never_precedes_the_drivers_count() -> None:
    """Until each tier had its turn nothing is shown that the driver may count: 0 before 1234 would be a reset."""
    integrals = Integrals({})

    integrals.observe(UUID, Tier.FAST, Reading(at=10.0, layout=ACTIVE, values=(1.0, 1.0)))

    assert shown(integrals) == {}


def test_what_no_driver_counts_is_shown_after_a_second() -> None:
    """A driver without such counters leaves all of them to us."""
    integrals = Integrals({})
    for at in (10.0, 11.0):
        integrals.observe(UUID, Tier.FAST, Reading(at=at, layout=ACTIVE, values=(1.0, 0.0)))

    assert shown(integrals) == {"sw_power_cap": 1.0, "gpu_idle": 0.0}


def test_gpus_are_counted_apart() -> None:
    """The seconds of one GPU are not another's."""
    integrals = Integrals({})
    for at in (10.0, 11.0):
        integrals.observe(UUID, Tier.FAST, reading(at, 1.0))
    integrals.observe("GPU-b", Tier.FAST, reading(11.0, 1.0))

    assert integrals.reading(UUID, 11.0).values == (1.0,)
    assert integrals.reading("GPU-b", 11.0).values == (0.0,)


# -- what others add ---------------------------------------------------------------------------------------------------

SPENT = Metric(
    name="gpu_waiting_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds by what is waited for.",
    source="gpuvitals",
    labels=("thing",),
)


def test_seconds_that_are_no_integral_of_a_gauge_are_added() -> None:
    """Whoever counts seconds in a state adds them, label by label, from a 0 that is seen first."""
    integrals = Integrals({})
    integrals.spend(UUID, SPENT, ("lunch",), 0.0)
    integrals.spend(UUID, SPENT, ("tea",), 0.0)
    first = integrals.reading(UUID, 10.0)

    integrals.spend(UUID, SPENT, ("tea",), 1.5)
    integrals.spend(UUID, SPENT, ("tea",), 1.0)

    assert first.values == (0.0, 0.0)
    assert integrals.reading(UUID, 11.0).values == (0.0, 2.5)
    assert integrals.reading(UUID, 11.0).layout is first.layout
    assert integrals.reading("GPU-b", 11.0).values == ()


def test_what_was_added_goes_on_after_a_restart() -> None:
    """The total that was kept is where the first addition goes on."""
    integrals = Integrals({Key(UUID, SPENT, ("tea",)): 40.0, BUSY: 7.0})

    integrals.spend(UUID, SPENT, ("tea",), 0.0)
    integrals.observe(UUID, Tier.FAST, reading(10.0, 1.0))

    assert dict(zip(integrals.totals, integrals.reading(UUID, 10.0).values, strict=True)) == {
        BUSY: 7.0,
        Key(UUID, SPENT, ("tea",)): 40.0,
    }
