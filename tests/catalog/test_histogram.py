"""A histogram's parts are what Prometheus expects of them."""

from hypothesis import given
from hypothesis import strategies as st

from catalog import histogram
from catalog.metric import Kind, Metric, Unit

METRIC = Metric(
    name="gpu_test_seconds",
    kind=Kind.HISTOGRAM,
    unit=Unit.SECONDS,
    help="A test.",
    source="gpuvitals",
    buckets=(0.001, 0.01, 1.0),
)


def test_parts_are_named_by_their_bounds() -> None:
    """Each bound, the infinite one, then count and sum."""
    assert histogram.parts(METRIC) == ("0.001", "0.01", "1.0", "+Inf", "count", "sum")


def test_a_bound_belongs_to_its_bucket() -> None:
    """A value equal to a bound is at most that bound, and buckets are cumulative."""
    assert histogram.increases(METRIC, [0.001, 0.5, 7.0]) == (1, 1, 2, 3, 3, 7.501)


@given(st.lists(st.floats(0, 100)))
def test_every_value_is_in_the_infinite_bucket(values: list[float]) -> None:
    """Buckets never fall towards higher bounds, and the last one counts everything."""
    *buckets, count, total = histogram.increases(METRIC, values)

    assert buckets == sorted(buckets)
    assert buckets[-1] == count == len(values)
    assert total == sum(values)
