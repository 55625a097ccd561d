"""Counts from the minutes that this node's exporter kept: of our own metrics, by the labels that the history knows."""

import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.errors import ConfigError
from catalog.metric import Kind, Metric
from catalog.metrics import BY_NAME
from catalog.promql.expr import Aggregate, Binary, Expr, Number, Raw, Select
from catalog.promql.instant import COMPARE
from catalog.promql.selector import Matcher, Selected, parse, selected
from history.counted import Asked, Found, Gains, Group, Refused, Steps
from history.minute import label_names
from history.question import MINUTE, Function, History, Line, Question

_TARGET = ("job", "instance")
"""Labels that a Prometheus gives to what it scrapes. Here is one exporter: whatever is asked of them holds.

Others, such as the pool of a node, are given to targets by whoever configures it: nobody knows them here, so grouping by them makes
one group, and a selector that names one is refused.
"""
_LATE = 120.0
"""Seconds by which the newest minute may be behind: it is written some seconds after its end."""


class EmbeddedCounting:
    """A `history.counted.Counting`. It answers in whole minutes."""

    def __init__(self, history: History) -> None:
        self._history = history

    def until(self, at: float) -> float:
        whole = at // MINUTE * MINUTE
        span = self._history.span()
        newest = whole if span is None else span[1]
        return newest if whole - _LATE <= newest <= whole else whole

    def count(self, asked: Sequence[Asked]) -> Sequence[Found | Refused]:
        return [self._answered(one) for one in asked]

    def _answered(self, asked: Asked) -> Found | Refused:
        try:
            sought = _gains(asked) if isinstance(asked, Gains) else _values(asked.expr)
            _check(sought, asked)
            return _folded(asked, sought, self._lines(sought, asked.steps))
        except (ConfigError, re.error) as wrong:
            return Refused(str(wrong))

    def _lines(self, sought: "_Sought", steps: Steps) -> Iterator[Line]:
        question = Question(
            metric=sought.metric,
            function=sought.function,
            start=steps.start,
            end=steps.end,
            step=steps.width,
            match={one.label: one.value for one in sought.matchers() if one.sign == "="},
        )
        for line in self._history.answer(question):
            if all(one.accepts(line.labels[one.label]) for one in sought.matchers()):
                yield line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """What is read of the history to answer a question.

    Attributes:
        together: what the series of a group come to.
        judged: what is made of that.
    """

    metric: Metric
    selected: Selected
    function: Function
    together: Callable[[Iterable[float]], float]
    judged: Callable[[float], float] = float

    def matchers(self) -> Iterator[Matcher]:
        return (one for one in self.selected.matchers if one.label not in _TARGET)


def _gains(asked: Gains) -> _Sought:
    found = selected(asked.counter)
    return _Sought(
        metric=_kept(found, Kind.COUNTER),
        selected=found,
        function=Function.INCREASE,
        together=math.fsum,
    )


def _values(expr: Expr) -> _Sought:
    """A threshold on a gauge of ours: all else takes a PromQL engine."""
    match expr:
        case Binary(
            operator=sign,
            one=Aggregate(operator="min" | "max" as extreme, of=Raw() | Select() as of),
            other=Number(value=limit),
            matching=None,
        ) if sign.removesuffix(" bool") in COMPARE:
            found = parse(of.promql) if isinstance(of, Raw) else selected(of)
            compare = COMPARE[sign.removesuffix(" bool")]
            return _Sought(
                metric=_kept(found, Kind.GAUGE),
                selected=found,
                function=Function.LAST,
                together=min if extreme == "min" else max,
                judged=lambda value: float(compare(value, limit)),
            )
    raise ConfigError(
        "the embedded history evaluates no PromQL but whether the selector of one gauge keeps a threshold; a Prometheus does"
    )


def _kept(found: Selected, kind: Kind) -> Metric:
    metric = BY_NAME.get(found.name)
    if metric is None or not metric.history:
        raise ConfigError(f"the embedded history does not keep {found.name}; a Prometheus may")
    if metric.kind is not kind:
        raise ConfigError(f"{found.name} is a {metric.kind}, where a {kind} is expected")
    return metric


def _check(sought: _Sought, asked: Asked) -> None:
    known = label_names(sought.metric)
    lost = set(sought.metric.all_labels) - set(known)
    named = {one.label for one in sought.matchers()} - set(known)
    for label in sorted(named | lost.intersection(asked.by)):
        raise ConfigError(
            f"the embedded history knows {sought.metric.name} by {', '.join(known) or 'no label'}, not by {label}"
        )
    if asked.steps.width % MINUTE:
        raise ConfigError(
            f"the embedded history keeps minutes, which do not tell of {asked.steps.width} s"
        )


def _folded(asked: Asked, sought: _Sought, lines: Iterable[Line]) -> Found:
    """The lines of each group put together, step by step."""
    steps = asked.steps
    groups: dict[Group, dict[int, list[float]]] = {}
    for line in lines:
        cells = groups.setdefault(_group(line.labels, asked.by), {})
        for at, value in zip(line.times, line.values, strict=True):
            cells.setdefault(round((at - steps.start) / steps.width), []).append(value)
    found: dict[Group, array[float]] = {}
    for group, cells in groups.items():
        row = found[group] = array("d", [math.nan]) * steps.count
        for step, parts in cells.items():
            row[step] = sought.judged(sought.together(parts))
    return found


def _group(labels: Mapping[str, str], by: tuple[str, ...]) -> Group:
    return tuple(labels.get(label, "") for label in by)
