"""Counts from the samples that a Prometheus-compatible server scraped."""

import math
from array import array
from collections.abc import Iterator, Sequence

from catalog.promql.expr import Aggregate, Expr
from catalog.promql.gain import gained, reached
from history.counted import Asked, Found, Gains, Group, Refused, Steps
from history.prometheus_api import PrometheusApi, Range, Rejected, Sampled

_MOST_STEPS = 10_000
"""Of one query; Prometheus refuses more than 11,000."""


class PrometheusCounting:
    """A `history.counted.Counting`.

    Args:
        job: the scrape job of our exporters, where an expression names a metric of ours.
    """

    def __init__(self, api: PrometheusApi, job: str = "gpuvitals") -> None:
        self._api = api
        self._job = job

    def until(self, at: float) -> float:
        return at

    def count(self, asked: Sequence[Asked]) -> Sequence[Found | Refused]:
        parts = [tuple(self._queries(one)) for one in asked]
        answers = iter(self._api.ask([query for queries in parts for query in queries]))
        return [
            _joined(one, [next(answers) for _ in queries])
            for one, queries in zip(asked, parts, strict=True)
        ]

    def _queries(self, asked: Asked) -> Iterator[Range]:
        promql, steps = _expression(asked).text(self._job), asked.steps
        for first in range(0, steps.count, _MOST_STEPS):
            last = min(first + _MOST_STEPS, steps.count) - 1
            yield Range(
                promql=promql, start=steps.ended(first), end=steps.ended(last), step=steps.width
            )


def _expression(asked: Asked) -> Expr:
    if isinstance(asked, Gains):
        window = f"{asked.steps.width}s"
        before = reached(asked.counter, window)
        return Aggregate("sum", asked.by, gained(asked.counter, window, before))
    return asked.expr


def _joined(asked: Asked, answers: Sequence[list[Sampled] | Rejected]) -> Found | Refused:
    found: dict[Group, array[float]] = {}
    for answer in answers:
        if isinstance(answer, Rejected):
            return Refused(str(answer))
        for series in answer:
            group = tuple(series.metric.get(label, "") for label in asked.by)
            line = found.setdefault(group, array("d", [math.nan]) * asked.steps.count)
            _fill(line, asked.steps, series)
    return found


def _fill(line: "array[float]", steps: Steps, series: Sampled) -> None:
    for at, value in series.values:
        line[round((at - steps.start) / steps.width) - 1] = float(value)
