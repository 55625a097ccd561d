import math

from hypothesis import given
from hypothesis import strategies as st

from catalog.metrics import nvlink, power, temperature, utilization
from catalog.snapshot import Layout, Reading, Tier
from exporter.page.recent import Recent
from exporter.page.ring import Rate, Ring
from exporter.page.sparkline import peaks

T0 = 1_780_000_200.0
POWER = (power.NOW, ())
TEMPERATURE = (temperature.TEMPERATURE, ("gpu",))


def told(recent: Recent, at: float, watts: float, layout: Layout, uuid: str = "GPU-a") -> None:
    """Let *recent* hear one reading of power."""
    recent.observe(uuid, Tier.FAST, Reading(at=at, layout=layout, values=(watts,)))


def known(recent: Recent, now: float, uuid: str = "GPU-a") -> list[float]:
    """The powers that are remembered."""
    curve = recent.curve(uuid, POWER, now)
    return [value for value in curve.values if not math.isnan(value)] if curve else []


def test_the_newest_second_is_last() -> None:
    """The curve ends with the second that is now, and begins 15 minutes before."""
    recent, layout = Recent(), Layout((POWER,))
    for second in range(1000):
        told(recent, T0 + second + 0.2, second, layout)

    curve = recent.curve("GPU-a", POWER, T0 + 999.9)

    assert curve is not None
    assert list(curve.values) == list(range(100, 1000))
    assert (curve.start, curve.step) == (T0 + 100, 1.0)


def test_a_gap_stays_a_gap() -> None:
    """Seconds that were not read are unknown, also those that held a value one round before."""
    recent, layout = Recent(), Layout((POWER,))
    for second in range(900):
        told(recent, T0 + second, 500.0, layout)
    told(recent, T0 + 920, 600.0, layout)

    curve = recent.curve("GPU-a", POWER, T0 + 920)

    assert curve is not None
    assert [math.isnan(value) for value in curve.values[-22:]] == [False, *[True] * 20, False]


def test_silence_moves_out_of_the_window() -> None:
    """A GPU that hangs leaves an empty end behind, and after 15 minutes an empty curve."""
    recent, layout = Recent(), Layout((POWER,))
    told(recent, T0, 500.0, layout)

    assert known(recent, T0 + 899) == [500.0]
    assert known(recent, T0 + 900) == []


def test_series_that_are_not_drawn_are_not_kept() -> None:
    """Memory is bounded by a closed set of series."""
    recent = Recent()
    drawn, other = (utilization.UTILIZATION, ()), (utilization.ENCODER, ())
    reading = Reading(at=T0, layout=Layout((other, drawn)), values=(0.5, 0.25))
    recent.observe("GPU-a", Tier.FAST, reading)

    assert recent.curve("GPU-a", other, T0) is None
    curve = recent.curve("GPU-a", drawn, T0)
    assert curve is not None
    assert curve.last() == 0.25


def test_a_slower_tier_has_longer_steps() -> None:
    """A temperature read every ten seconds is no gap of nine."""
    recent, series = Recent(), (temperature.TEMPERATURE, ("gpu",))
    layout = Layout((series,))
    for second in range(0, 100, 10):
        reading = Reading(at=T0 + second, layout=layout, values=(60.0,))
        recent.observe("GPU-a", Tier.MEDIUM, reading)

    curve = recent.curve("GPU-a", series, T0 + 95)

    assert curve is not None
    assert curve.step == 10.0
    assert list(curve.values[-10:]) == [60.0] * 10


def test_a_counter_is_remembered_as_its_rate() -> None:
    """Bytes that a link has moved become bytes per second."""
    recent, series = Recent(), (nvlink.RECEIVE, ())
    layout = Layout((series,))
    for second, total in ((0, 1e12), (10, 1e12 + 5e9), (20, 2e9)):
        reading = Reading(at=T0 + second, layout=layout, values=(total,))
        recent.observe("GPU-a", Tier.MEDIUM, reading)

    curve = recent.curve("GPU-a", series, T0 + 20)

    assert curve is not None
    assert math.isnan(curve.values[-3])
    assert [round(value) for value in curve.values[-2:]] == [5e8, 2e8]


def test_a_rate_over_a_gap_is_unknown() -> None:
    """What a counter gained while nobody looked belongs to no slot."""
    rate = Rate(1.0)
    rate.put(T0, 0.0)
    rate.put(T0 + 60, 600.0)

    assert all(map(math.isnan, rate.ring.until(T0 + 60)[1]))


def test_gpus_that_are_gone_are_forgotten() -> None:
    """A node whose GPUs are exchanged does not grow."""
    recent = Recent()
    told(recent, T0, 100.0, Layout((POWER,)), "GPU-old")
    told(recent, T0 + 901, 100.0, Layout((POWER,)), "GPU-new")

    assert recent.curve("GPU-old", POWER, T0 + 901) is None
    assert known(recent, T0 + 901, "GPU-new") == [100.0]


@given(st.lists(st.tuples(st.integers(0, 3_000), st.floats(0, 1e4, width=32)), max_size=60))
def test_a_ring_holds_what_a_dictionary_would(puts: list[tuple[int, float]]) -> None:
    """Against the obvious implementation, also when the clock goes back a little."""
    ring, kept, newest = Ring(1.0), dict[int, float](), 0
    for second, value in puts:
        if abs(second - newest) >= 900:
            kept, newest = {}, second
        kept = {at: held for at, held in kept.items() if at > max(newest, second) - 900}
        kept[second], newest = value, max(newest, second)

        ring.put(second, value)

    start, values = ring.until(newest)
    held = {
        int(start) + place: value for place, value in enumerate(values) if not math.isnan(value)
    }
    assert held == kept


def test_points_of_ten_seconds_are_those_of_the_curve() -> None:
    """Whenever somebody looks, and for what is read every ten seconds too: kept or not, the points are the same."""
    recent, layout = Recent(), Layout((POWER,))
    slow = Layout((TEMPERATURE,))
    for second in range(1200):
        at = T0 + second
        told(recent, at, second % 37, layout)
        if second % 10 == 0:
            value = (float(second % 91),)
            recent.observe("GPU-a", Tier.MEDIUM, Reading(at=at, layout=slow, values=value))

        for series in (POWER, TEMPERATURE):
            curve, points = (
                look("GPU-a", series, at + 0.3) for look in (recent.curve, recent.peaks)
            )
            assert curve
            assert points
            assert (points.start, repr(points.values)) == (
                peaks(curve).start,
                repr(peaks(curve).values),
            )
