"""The question that every history answers, and the shape of its answer. Words become questions in `history.asking`."""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from catalog.errors import HistoryError
from catalog.metric import Kind, Metric
from history.minute import label_names

MINUTE = 60


class Function(StrEnum):
    """What is asked of each step. Across series that `by` puts together, in parentheses.

    All are closed under one-minute rollups, so every history gives the same answer.
    """

    INCREASE = "increase"  # plain difference across resets, nothing extrapolated (sum)
    MEAN = "mean"  # weighted by covered time (weighted by covered time too)
    MIN = "min"  # the lowest value read or held (lowest)
    MAX = "max"  # the highest value read or held (highest)
    LAST = "last"  # the value at the end of the step (sum of the series that have one)
    QUANTILE = "quantile"  # of the one-minute means, linear interpolation (all means pooled)


_ANSWERABLE: Mapping[Kind, tuple[Function, ...]] = {
    Kind.COUNTER: (Function.INCREASE, Function.LAST),
    Kind.GAUGE: (Function.MEAN, Function.MIN, Function.MAX, Function.LAST, Function.QUANTILE),
    Kind.HISTOGRAM: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One function of one metric over `start <= time < end`.

    Whole minutes are answered: `start` is moved back, `end` forward to the full minute. Steps count
    from `start`; the last one ends at `end`, so it may be shorter.

    Attributes:
        start: seconds since 1970.
        end: seconds since 1970, excluded.
        step: seconds, a multiple of 60; 0 is one step over the whole range.
        match: only series whose labels have these values; those of a GPU have `uuid` too.
        by: series that agree in these labels become one line; None keeps each series.
        q: which quantile, 0 to 1; the other functions ignore it.

    Raises:
        HistoryError: the question has no answer; the message says which part.
    """

    metric: Metric
    function: Function
    start: float
    end: float
    step: int = 0
    match: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    by: tuple[str, ...] | None = None
    q: float = 0.5

    def __post_init__(self) -> None:
        _check_function(self.metric, self.function)
        _check_labels(self.metric, (*self.match, *(self.by or ())))
        if not -math.inf < self.start < self.end < math.inf:
            raise HistoryError(
                f"the range is empty: it starts at {self.start}, ends at {self.end}"
            )
        if self.step < 0 or self.step % MINUTE:
            raise HistoryError(f"the step is {self.step} s, but must be a multiple of {MINUTE} s")
        if not 0 <= self.q <= 1:
            raise HistoryError(f"the quantile is {self.q}, but must be between 0 and 1")
        object.__setattr__(self, "start", math.floor(self.start / MINUTE) * MINUTE)
        object.__setattr__(self, "end", math.ceil(self.end / MINUTE) * MINUTE)

    @property
    def width(self) -> float:
        """Seconds of one step."""
        return self.step or self.end - self.start

    @property
    def steps(self) -> int:
        return math.ceil((self.end - self.start) / self.width)

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether the series with these labels is asked for."""
        return all(labels[name] == value for name, value in self.match.items())

    def group(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels of the line that the series with these labels belongs to."""
        names = labels if self.by is None else self.by
        return {name: labels[name] for name in names}


def _check_function(metric: Metric, function: Function) -> None:
    possible = _ANSWERABLE[metric.kind]
    if function not in possible:
        instead = ", ".join(possible) or "nothing"
        raise HistoryError(f"{metric.name} is a {metric.kind}: ask {instead}, not {function}")


def _check_labels(metric: Metric, names: tuple[str, ...]) -> None:
    known = label_names(metric)
    for name in names:
        if name not in known:
            raise HistoryError(
                f"{metric.name} has no label {name!r}; it has {', '.join(known) or 'none'}"
            )


@dataclass(frozen=True, slots=True)
class Line:
    """One series, or one group of them. Steps without a value are absent; `times` are step starts."""

    labels: dict[str, str]
    times: "array[float]"
    values: "array[float]"


Answer = tuple[Line, ...]


class History(Protocol):
    """Whatever remembers."""

    def answer(self, question: Question) -> Answer: ...
    def series(self, metric: Metric) -> Sequence[Mapping[str, str]]:
        """The labels of every series kept of *metric*."""

    def span(self) -> tuple[float, float] | None:
        """The start of the first minute and the end of the last one; None if there is none."""
