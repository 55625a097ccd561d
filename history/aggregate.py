"""From minutes to the lines of an answer: the arithmetic that every history shares."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import mul

from history.blocks import Columns
from history.question import Answer, Function, Line, Question


@dataclass(frozen=True, slots=True)
class Fold:
    """How one function puts minutes together.

    Attributes:
        columns: what it needs of each minute.
        part: what the minutes of one series in one step come down to.
        whole: the value of the step, from the parts of all its series.
    """

    columns: tuple[str, ...]
    part: Callable[..., tuple[float, ...]]
    whole: Callable[[list[float], float], float]


def _weighted(mean: "array[float]", covered: "array[float]") -> tuple[float, float]:
    return math.fsum(map(mul, mean, covered)), math.fsum(covered)


def _mean(parts: list[float], _: float) -> float:
    return math.fsum(parts[0::2]) / math.fsum(parts[1::2])


def quantile(values: list[float], q: float) -> float:
    """The q-quantile, interpolated linearly between the two nearest ranks."""
    values = sorted(values)
    rank = q * (len(values) - 1)
    below = math.floor(rank)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (rank - below)


FOLDS: Mapping[Function, Fold] = {
    Function.INCREASE: Fold(
        ("increase",), lambda increase: (math.fsum(increase),), lambda parts, _: math.fsum(parts)
    ),
    Function.MEAN: Fold(("mean", "covered"), _weighted, _mean),
    Function.MIN: Fold(("low",), lambda low: (min(low),), lambda parts, _: min(parts)),
    Function.MAX: Fold(("high",), lambda high: (max(high),), lambda parts, _: max(parts)),
    Function.LAST: Fold(("last",), lambda last: (last[-1],), lambda parts, _: math.fsum(parts)),
    Function.QUANTILE: Fold(("mean",), tuple, quantile),
}


def lines(question: Question, series: Iterable[tuple[Mapping[str, str], Columns]]) -> Answer:
    """The answer, from the labels and minutes of every series that is asked for.

    The minutes of a series are let go before the next is taken.
    """
    fold = FOLDS[question.function]
    groups: dict[tuple[str, ...], tuple[dict[str, str], dict[int, list[float]]]] = {}
    for labels, columns in series:
        group = question.group(labels)
        _, steps = groups.setdefault(tuple(group.values()), (group, {}))
        for step, part in _parts(question, fold, columns):
            steps.setdefault(step, []).extend(part)
    return tuple(
        _line(question, fold, labels, steps) for labels, steps in groups.values() if steps
    )


def _parts(
    question: Question, fold: Fold, columns: Columns
) -> Iterator[tuple[int, tuple[float, ...]]]:
    at = columns["at"]
    first = 0
    while first < len(at):
        step = int((at[first] - question.start) // question.width)
        stop = bisect_left(at, question.start + (step + 1) * question.width, first)
        yield step, fold.part(*(columns[name][first:stop] for name in fold.columns))
        first = stop


def _line(
    question: Question, fold: Fold, labels: dict[str, str], steps: dict[int, list[float]]
) -> Line:
    ordered = sorted(steps)
    times = array("d", [question.start + step * question.width for step in ordered])
    values = array("d", [fold.whole(steps[step], question.q) for step in ordered])
    return Line(labels, times, values)
