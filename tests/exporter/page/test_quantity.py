import pytest

from catalog.metric import Unit
from exporter.page.quantity import duration, of, share, shown, total

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, Unit.RATIO, "0 %"),
        (0.004, Unit.RATIO, "0.4 %"),
        (0.943, Unit.RATIO, "94 %"),
        (1.0, Unit.RATIO, "100 %"),
        (0.0, Unit.BYTES, "0 B"),
        (98_900_000_000.0, Unit.BYTES, "92.1 GiB"),
        (560.0 * 2**30, Unit.BYTES, "560 GiB"),
        (55.3e9, Unit.BYTES_PER_SECOND, "55.3 GB/s"),
        (612.4, Unit.WATTS, "612 W"),
        (3125.0, Unit.WATTS, "3,125 W"),
        (12_500.0, Unit.WATTS, "12.5 kW"),
        (1.98e9, Unit.HERTZ, "1.98 GHz"),
        (345e6, Unit.HERTZ, "345 MHz"),
        (64.0, Unit.CELSIUS, "64 °C"),
        (-3.0, Unit.CELSIUS, "-3 °C"),
        (7.2e6, Unit.JOULES, "2 kWh"),
        (12_345.0, Unit.NONE, "12,345"),
        (0.0, Unit.NONE, "0"),
        (11_545.0, Unit.SECONDS, "3 h 12 min"),
    ],
)
def test_values_are_written_for_people(value: float, unit: Unit, text: str) -> None:
    """Base units of the catalogue become the units that an operator thinks in."""
    assert shown(value, unit).replace(SPACE, " ") == text


@pytest.mark.parametrize("value", [None, float("nan")])
@pytest.mark.parametrize("unit", Unit)
def test_absent_is_a_dash(value: float | None, unit: Unit) -> None:
    """What a GPU cannot tell is a dash, never 0."""
    assert shown(value, unit) == "\u2013"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (12.34, "12.3 s"), (65, "1 min 5 s"), (7_200, "2 h"), (273_600, "3 d 4 h")],
)
def test_durations_have_two_parts_at_most(seconds: float, text: str) -> None:
    """Days and hours, hours and minutes: no more than one takes in at a glance."""
    assert duration(seconds).replace(SPACE, " ") == text


def test_a_part_is_written_in_the_unit_of_the_whole() -> None:
    """500 MiB of 80 GiB is 0.488 of 80, so that both numbers compare."""
    assert of(500.0 * 2**20, 80.0 * 2**30, Unit.BYTES).replace(SPACE, " ") == "0.488 / 80 GiB"


def test_a_part_of_an_unknown_whole_stands_alone() -> None:
    """A GPU without a power limit still shows its power."""
    assert of(72.0, None, Unit.WATTS).replace(SPACE, " ") == "72 W"


def test_sums_and_shares_of_the_unknown_are_unknown() -> None:
    """Nothing known adds up to nothing known, not to 0."""
    assert total([None, None]) is None
    assert total([None, 2.0, 3.0]) == 5.0
    assert share(None, 5.0) is None
    assert share(5.0, None) is None
    assert share(7.0, 5.0) == 1.0
