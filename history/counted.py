"""What objectives ask of a history: how many events a group had in each step of time, and how good each slice of time was.

Unlike the questions of `history.question`, these may be about metrics that are not ours, so they are put in PromQL's terms.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from catalog.promql.expr import Expr, Series

Group = tuple[str, ...]
"""The values of the labels that are grouped by, in their order; empty where a series has no such label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Equal steps of time, one after the other.

    Attributes:
        end: of the last one, seconds since 1970.
        width: seconds of each.
    """

    end: float
    width: int
    count: int

    @property
    def start(self) -> float:
        """Where the first one begins."""
        return self.end - self.width * self.count

    def ended(self, number: int) -> float:
        """When step *number* ended; the first has number 0."""
        return self.start + self.width * (number + 1)

    def finer(self, width: int) -> "Steps":
        """The same time in steps of *width*, of which the present ones are a multiple."""
        return Steps(end=self.end, width=width, count=self.count * self.width // width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """What the series of a counter gained in each step, summed per group.

    A gain is the difference of the last sample in the step and the last one before it; resets are made good, nothing is
    extrapolated, so the gains of all steps are the gain of the whole.
    """

    counter: Series
    by: tuple[str, ...]
    steps: Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What an expression was at the end of each step, per group."""

    expr: Expr
    by: tuple[str, ...]
    steps: Steps


Asked = Gains | Values
Found = Mapping[Group, "array[float]"]
"""One value per step; NaN where nothing is known."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that this history cannot answer, and why."""

    reason: str


class Counting(Protocol):
    """A history that can be asked so. It may block for long: ask it in a thread."""

    def until(self, at: float) -> float:
        """The end of the newest step that it can answer, at most *at*."""

    def count(self, asked: Sequence[Asked]) -> Sequence[Found | Refused]:
        """The answers, in the order of the questions.

        Raises:
            HistoryError: it cannot be asked at all.
        """
