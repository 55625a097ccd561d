"""What may be asked of a metric, by its kind: a counter needs a rate, a gauge must not have one.

https://prometheus.io/docs/prometheus/latest/querying/functions/
"""

from types import MappingProxyType

from catalog.errors import CatalogError
from catalog.metric import Kind, Metric
from catalog.metrics.exporter import BUILD_INFO
from catalog.metrics.state import INFO
from catalog.promql.expr import Aggregate, Binary, Call, Expr, Matching, Number, Select

_FALLS = (Kind.GAUGE,)
_RISES = (Kind.COUNTER, Kind.HISTOGRAM)


def select(metric: Metric, /, **match: str) -> Select:
    """The newest sample of each series."""
    return Select(metric, MappingProxyType(match))


def part(metric: Metric, name: str, **match: str) -> Select:
    """The series of a histogram's *name*: bucket, sum or count."""
    return Select(metric, MappingProxyType(match), part=f"_{name}")


def rate(series: Select, window: str) -> Call:
    """Per-second increase of a counter."""
    return _over("rate", series, window, _RISES)


def increase(series: Select, window: str) -> Call:
    """Increase of a counter."""
    return _over("increase", series, window, _RISES)


def mean(series: Select, window: str) -> Call:
    """Mean of a gauge's samples."""
    return _over("avg_over_time", series, window, _FALLS)


def lowest(series: Select, window: str) -> Call:
    """Least of a gauge's samples."""
    return _over("min_over_time", series, window, _FALLS)


def highest(series: Select, window: str) -> Call:
    """Greatest of a gauge's samples."""
    return _over("max_over_time", series, window, _FALLS)


def slope(series: Select, window: str) -> Call:
    """Change of a gauge per second, by a straight line through its samples."""
    return _over("deriv", series, window, _FALLS)


def changes(series: Select, window: str) -> Call:
    """How often a gauge's value changed."""
    return _over("changes", series, window, _FALLS)


def before(series: Select, offset: str, window: str = "") -> Expr:
    """What it was *offset* ago; the last sample within *window*, if given."""
    if not window:
        return series.over("", offset)
    return Call("last_over_time", (series.over(window, offset),))


def last(series: Select, window: str) -> Call:
    """The last sample within *window*."""
    return Call("last_over_time", (series.over(window),))


def total(of: Expr, *by: str) -> Aggregate:
    """Sum per group."""
    return Aggregate("sum", by, of)


def greatest(of: Expr, *by: str) -> Aggregate:
    """Greatest per group."""
    return Aggregate("max", by, of)


def least(of: Expr, *by: str) -> Aggregate:
    """Least per group."""
    return Aggregate("min", by, of)


def average(of: Expr, *by: str) -> Aggregate:
    """Mean per group."""
    return Aggregate("avg", by, of)


def count(of: Expr, *by: str) -> Aggregate:
    """How many per group."""
    return Aggregate("count", by, of)


def absent(series: Select) -> Call:
    """1 if there is no such series."""
    return Call("absent", (series,))


def now() -> Call:
    """The time of the evaluation, in seconds since 1970."""
    return Call("time", ())


def ratio(one: Expr, other: Expr, *on: str) -> Binary:
    """One divided by the other, joined on labels."""
    return Binary("/", one, other, Matching(on))


def joined(
    of: Expr, *labels: str, on: tuple[str, ...] = ("uuid",), metric: Metric = INFO
) -> Binary:
    """The same values with *labels* of an info metric, by default the GPU's.

    An info metric that appears twice (an exporter restarted under another target name) would end the query with an
    error, so it is made one per group first.
    """
    if missing := set(labels) - set(metric.all_labels):
        raise CatalogError(f"{metric.name} has no label {min(missing)}")
    one = Aggregate("max", (*on, *labels), select(metric))
    return Binary("*", of, one, Matching(on, labels))


def of_node(of: Expr) -> Binary:
    """The same values with the node of their exporter, which a target that does not answer told within the last day.

    An address may have been another node's before, as those of pods are. Two nodes of one address would end the query with
    an error, for every node: who has it now is asked first, and of those that had it one is taken.
    """
    now_there = greatest(select(BUILD_INFO), "instance", "node")
    before_it = greatest(last(select(BUILD_INFO), "1d"), "instance", "node")
    known = now_there.or_(before_it.unless_on(now_there, "instance"))
    one = Aggregate("topk", ("instance",), known, parameter=1)
    return Binary("*", of, one, Matching(("instance",), ("node",)))


def always() -> Call:
    """1, whatever there is."""
    return Call("vector", (Number(1),))


def number(value: float) -> Number:
    """A constant."""
    return Number(value)


def _over(function: str, series: Select, window: str, kinds: tuple[Kind, ...]) -> Call:
    if series.metric.kind not in kinds:
        raise CatalogError(f"{function} is not for {series.metric.name}, a {series.metric.kind}")
    return Call(function, (series.over(window),))
