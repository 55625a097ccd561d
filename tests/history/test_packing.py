import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.packing import pack, unpack

anything = st.lists(st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True))
decimals = st.lists(st.decimals(-(10**6), 10**6, places=3).map(float))
constants = st.tuples(st.floats(), st.integers(0, 2000)).map(lambda pair: [pair[0]] * pair[1])
climbing = st.lists(st.floats(0, 1e9)).map(sorted)


@given(anything | decimals | constants | climbing)
def test_lossless(values: list[float]) -> None:
    """Whatever goes in comes out bit for bit, NaN and -0.0 too."""
    packed = pack(array("d", values))

    assert unpack(packed).tobytes() == array("d", values).tobytes()


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0.0],
        [-0.0],
        [-0.0, 0.0, 1.0],
        [math.nan, math.inf, -math.inf],
        [1.7976931348623157e308, -1.7976931348623157e308, 5e-324],
        [2.0**53, 2.0**53 + 2, -(2.0**53)],
        [0.1 + 0.2] * 16 + [0.3],
    ],
    ids=str,
)
def test_edges(values: list[float]) -> None:
    """The values at which float64 and 64-bit integers end survive."""
    assert unpack(pack(array("d", values))).tobytes() == array("d", values).tobytes()


def test_what_never_changes_costs_nothing() -> None:
    """A day of one value is a header."""
    assert len(pack(array("d", [1980e6] * 1440))) < 30


def test_milliwatts_cost_what_they_say() -> None:
    """A day of readings within 65 W, in milliwatts, takes two bytes each, not eight."""
    watts = array("d", [(400_000 + (n * 40_503) % 65_536) / 1000 for n in range(1440)])

    assert len(pack(watts)) < 1440 * 2 + 80
