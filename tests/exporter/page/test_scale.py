import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.page.scale import bounds, moments, ticks

VALUE = st.floats(-1e15, 1e15, allow_nan=False)


@given(low=VALUE, width=st.floats(1e-3, 1e15), most=st.integers(2, 10))
def test_ticks_enclose_the_values(low: float, width: float, most: int) -> None:
    """Whatever is drawn lies between the first and the last tick, whose number stays small."""
    high = low + width
    marks = ticks(low, high, most)
    slack = 1e-6 * max(abs(low), abs(high), marks[1] - marks[0])

    assert marks[0] <= low + slack
    assert marks[-1] >= high - slack
    assert 2 <= len(marks) <= most + 3


@given(width=st.floats(1e-6, 1e12))
def test_ticks_are_round_and_even(width: float) -> None:
    """Neighbours are 1, 2, 2.5 or 5 times a power of ten apart."""
    marks = ticks(0.0, width)
    steps = {
        round((after - before) / (marks[1] - marks[0]), 6) for before, after in pairwise(marks)
    }
    mantissa = marks[1] / 10 ** math.floor(math.log10(marks[1]) + 1e-9)

    assert steps == {1.0}
    assert min(abs(mantissa - wanted) for wanted in (1, 2, 2.5, 5, 10)) < 1e-6


def test_equal_values_still_make_an_axis() -> None:
    """A temperature that never changes gets an axis of some height."""
    assert len(ticks(40.0, 40.0)) > 1
    assert len(ticks(0.0, 0.0)) > 1


@pytest.mark.parametrize("seconds", [900, 3_600, 21_600, 86_400, 604_800, 3_024_000])
def test_moments_are_round_in_utc(seconds: int) -> None:
    """Labels stand at full minutes, hours or days, a handful of them, inside the range."""
    end = 1_780_000_265.0
    found = moments(end - seconds, end)
    step = found[1] - found[0]

    assert 3 <= len(found) <= 7
    assert all(moment % step == 0 and end - seconds <= moment <= end for moment in found)


def test_bounds_hold_the_floor_and_the_ceiling() -> None:
    """An axis of utilisation shows 0 to 1 whatever the values are."""
    assert bounds([0.4, 0.5], 0.0, 1.0) == (0.0, 1.0)
    assert bounds([40.0, 50.0], None, None) == (40.0, 50.0)
    assert bounds([], None, None) == (0.0, 1.0)
