"""A line over a regular grid of times: the only shape of data that is drawn."""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


def _none() -> "array[float]":
    return array("d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line; NaN where nothing is known.

    Attributes:
        start: when the first step begins, seconds since 1970.
        step: seconds of one step.
        values: one per step.
        low, high: the extremes of each step, empty where only one value is known of it.
        bridged: unknown steps in a row that the line crosses; more are a gap.
    """

    name: str
    start: float
    step: float
    values: "array[float]"
    low: "array[float]" = field(default_factory=_none)
    high: "array[float]" = field(default_factory=_none)
    bridged: int = 0

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return not all(map(math.isnan, self.values))

    def last(self) -> float | None:
        """The newest value that is known."""
        return next((value for value in reversed(self.values) if not math.isnan(value)), None)

    def peak(self, since: float, until: float) -> float:
        """The highest value known of the steps from *since* to *until*, 0 if there is none."""
        first, last = (int((at - self.start) // self.step) for at in (since, until))
        part = self.values[max(first, 0) : max(last + 1, 0)]
        return max((value for value in part if not math.isnan(value)), default=0.0)

    def extremes(self) -> Iterator[float]:
        """Every value that must fit on the axis."""
        for values in (self.values, self.low, self.high):
            if math.isnan(sum(values)):
                yield from (value for value in values if not math.isnan(value))
            else:
                yield from values

    def runs(self) -> Iterator[Sequence[int]]:
        """The places of the known values, cut at each gap."""
        return runs(self.values, self.bridged)

    def coarser(self, most: int) -> "Curve":
        """The same over fewer steps, at most *most*: the means of what is known."""
        width = math.ceil(len(self.values) / most)
        means = (_mean(self.values[at : at + width]) for at in range(0, len(self.values), width))
        return Curve(
            name=self.name, start=self.start, step=self.step * width, values=array("d", means)
        )


def _mean(values: "array[float]") -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def runs(values: "array[float]", bridged: int = 0) -> Iterator[Sequence[int]]:
    """The places of the known values, cut where more than *bridged* in a row are unknown."""
    if not math.isnan(sum(values)):
        yield range(len(values))
        return
    run: list[int] = []
    for place, value in enumerate(values):
        if math.isnan(value):
            continue
        if run and place - run[-1] > bridged + 1:
            yield run
            run = []
        run.append(place)
    if run:
        yield run
