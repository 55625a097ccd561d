"""What Prometheus would answer to an expression, from the newest samples alone: no windows, hence no rates.

It follows https://prometheus.io/docs/prometheus/latest/querying/operators/ for the operators that expressions of ours use.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from catalog.errors import CatalogError
from catalog.metric import Metric
from catalog.promql.expr import Aggregate, Binary, Call, Expr, Number, Select

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Series = Callable[[Metric], Iterable[tuple[Labels, float]]]
"""The newest sample of each series of a family, as it is exported."""

_SETS = ("and", "or", "unless")
COMPARE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        ">": operator.gt,
        ">=": operator.ge,
        "<": operator.lt,
        "<=": operator.le,
    }
)
_AGGREGATE: Mapping[str, Callable[[list[float]], float]] = MappingProxyType(
    {"max": max, "min": min, "sum": sum, "count": len}
)
_MATCHERS = ("=~", "!~", "!=")


def vector(expr: Expr, series: Series, now: float) -> Vector:
    """The samples of *expr* at *now*, seconds since 1970.

    Raises:
        CatalogError: it needs more than the newest samples, or an operator that is not known here.
    """
    found = _evaluate(expr, series, now)
    if not isinstance(found, dict):
        raise CatalogError("a number alone is no vector")
    return found


def _evaluate(expr: Expr, series: Series, now: float) -> Vector | float:
    match expr:
        case Number(value=value):
            return value
        case Select(window="", offset="", part=""):
            return {
                labels: value for labels, value in series(expr.metric) if _selected(expr, labels)
            }
        case Call(function="time", arguments=()):
            return now
        case Aggregate():
            return _aggregated(expr, vector(expr.of, series, now))
        case Binary():
            return _binary(
                expr, _evaluate(expr.one, series, now), _evaluate(expr.other, series, now)
            )
        case _:
            raise CatalogError(
                f"{expr.text('gpuvitals')} cannot be told from the newest samples alone"
            )


def _selected(expr: Select, labels: Labels) -> bool:
    own = dict(labels)
    return all(_matches(own.get(label, ""), wanted) for label, wanted in expr.matchers.items())


def _matches(value: str, wanted: str) -> bool:
    sign = next((sign for sign in _MATCHERS if wanted.startswith(sign)), "")
    pattern = wanted.removeprefix(sign)
    if sign in ("=~", "!~"):
        return (re.fullmatch(pattern, value) is not None) == (sign == "=~")
    return (value == pattern) == (sign == "")


def _aggregated(expr: Aggregate, of: Vector) -> Vector:
    groups: dict[Labels, list[float]] = {}
    for labels, value in of.items():
        groups.setdefault(_only(labels, expr.by), []).append(value)
    reduce = _AGGREGATE.get(expr.operator)
    if reduce is None:
        raise CatalogError(f"the aggregation {expr.operator} is not known here")
    return {labels: float(reduce(values)) for labels, values in groups.items()}


def _only(labels: Labels, names: Iterable[str]) -> Labels:
    # To Prometheus a label without a value is none.
    return frozenset((name, value) for name, value in labels if name in names and value)


def _binary(expr: Binary, one: Vector | float, other: Vector | float) -> Vector | float:
    if isinstance(one, dict) and isinstance(other, dict):
        return _set(expr, one, other) if expr.operator in _SETS else _matched(expr, one, other)
    if isinstance(one, dict):
        scalar = float(other) if not isinstance(other, dict) else 0.0
        pairs = {labels: (value, scalar, value) for labels, value in one.items()}
    elif isinstance(other, dict):
        pairs = {labels: (one, value, value) for labels, value in other.items()}
    else:
        return _calculated(expr.operator, one, other)
    return _kept(expr, pairs)


def _set(expr: Binary, one: Vector, other: Vector) -> Vector:
    keys = {_key(expr, labels) for labels in other}
    if expr.operator == "or":
        mine = {_key(expr, labels) for labels in one}
        more = {labels: value for labels, value in other.items() if _key(expr, labels) not in mine}
        return {**one, **more}
    wanted = expr.operator == "and"
    return {
        labels: value for labels, value in one.items() if (_key(expr, labels) in keys) == wanted
    }


def _matched(expr: Binary, one: Vector, other: Vector) -> Vector:
    """Each sample of *one* with the sample of *other* that has the same labels; a join may take labels over."""
    right = {_key(expr, labels): (labels, value) for labels, value in other.items()}
    pairs: dict[Labels, tuple[float, float, float]] = {}
    for labels, value in one.items():
        key = _key(expr, labels)
        if key not in right:
            continue
        theirs, second = right[key]
        left = expr.matching.left if expr.matching else None
        kept = key if left is None else _joined(labels, theirs, left)
        pairs[kept] = (value, second, value)
    return _kept(expr, pairs)


def _joined(labels: Labels, theirs: Labels, left: tuple[str, ...]) -> Labels:
    own = frozenset(pair for pair in labels if pair[0] not in left)
    return own | _only(theirs, left)


def _key(expr: Binary, labels: Labels) -> Labels:
    return labels if expr.matching is None else _only(labels, expr.matching.on)


def _kept(expr: Binary, pairs: Mapping[Labels, tuple[float, float, float]]) -> Vector:
    compare = COMPARE.get(expr.operator)
    if compare:
        return {labels: kept for labels, (a, b, kept) in pairs.items() if compare(a, b)}
    return {labels: _calculated(expr.operator, a, b) for labels, (a, b, _) in pairs.items()}


def _calculated(sign: str, one: float, other: float) -> float:
    word = sign.removesuffix(" bool")
    if word in COMPARE:
        return float(COMPARE[word](one, other))
    match word:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
        case "/" if other:
            return one / other
        case "/":
            return math.copysign(math.inf, one) if one else math.nan
        case _:
            raise CatalogError(f"the operator {sign} is not known here")
