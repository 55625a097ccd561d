"""The data of one chart: from memory for the last 15 minutes, from the history for longer."""

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace

from catalog.metric import Unit
from catalog.snapshot import GpuView
from exporter.page.curve import Curve
from exporter.page.plots import PLOTS, Plot, Trace
from exporter.page.recent import Recent
from exporter.page.ring import SPAN
from history.question import MINUTE, Answer, Function, History, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of time that charts can show.

    Attributes:
        key: in the address.
        step: seconds of one point.
    """

    key: str
    title: str
    seconds: int
    step: int

    @property
    def remembered(self) -> bool:
        """Whether memory holds all of it."""
        return self.step < MINUTE

    @property
    def past(self) -> "Span":
        """The same length of a time that memory no longer holds."""
        return replace(self, step=max(self.step, MINUTE))

    def until(self, now: float) -> tuple[float, float]:
        """The range before *now*; the history holds whole minutes."""
        end = now if self.remembered else now // MINUTE * MINUTE
        return end - self.seconds, end

    def around(self, at: float, now: float) -> float:
        """The end of the range with *at* in its middle, *now* at the latest."""
        return min(at + self.seconds / 2, now)


SPANS = (
    Span(key="15m", title="15 minutes", seconds=int(SPAN), step=1),
    Span(key="1h", title="1 hour", seconds=3_600, step=60),
    Span(key="6h", title="6 hours", seconds=21_600, step=120),
    Span(key="24h", title="24 hours", seconds=86_400, step=300),
    Span(key="7d", title="7 days", seconds=604_800, step=1_800),
    Span(key="35d", title="35 days", seconds=3_024_000, step=7_200),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart's data; no curves means that this GPU has nothing to show there."""

    plot: Plot
    start: float
    end: float
    curves: tuple[Curve, ...]
    limit: float | None = None


def remembered(recent: Recent, view: GpuView, now: float) -> tuple[Panel, ...]:
    """The charts of the last 15 minutes."""
    uuid = view.identity.uuid
    return tuple(
        Panel(
            plot=plot,
            start=now - SPAN,
            end=now,
            curves=tuple(_recent_curves(recent, uuid, plot, now)),
            limit=_limit(plot, view),
        )
        for plot in PLOTS
    )


def kept(history: History, view: GpuView, span: Span, now: float) -> tuple[Panel, ...]:
    """The charts of a longer range; blocks while the history reads.

    Raises:
        HistoryError: the history cannot be read.
    """
    start, end = span.until(now)
    return tuple(
        Panel(
            plot=plot,
            start=start,
            end=end,
            curves=tuple(_kept_curves(history, view.identity.uuid, plot, span, end)),
            limit=_limit(plot, view),
        )
        for plot in PLOTS
    )


def _recent_curves(recent: Recent, uuid: str, plot: Plot, now: float) -> Iterator[Curve]:
    for trace in plot.traces:
        curve = recent.curve(uuid, trace.recent, now, trace.name)
        if curve is not None and curve.known:
            yield _drawn(curve, plot)


def _drawn(curve: Curve, plot: Plot) -> Curve:
    if plot.per_step:
        return _times(curve, curve.step)
    return curve.coarser(int(SPAN / plot.averaged)) if plot.averaged > curve.step else curve


def _kept_curves(
    history: History, uuid: str, plot: Plot, span: Span, end: float
) -> Iterator[Curve]:
    for trace in plot.traces:
        curve = _kept_curve(history, uuid, trace, span, end)
        if curve.known:
            yield curve if plot.per_step or not trace.counted else _per_second(curve, plot)


def _kept_curve(history: History, uuid: str, trace: Trace, span: Span, end: float) -> Curve:
    def ask(function: Function) -> "array[float]":
        question = Question(
            metric=trace.metric,
            function=function,
            start=end - span.seconds,
            end=end,
            step=span.step,
            match={"uuid": uuid, **dict(zip(trace.metric.labels, trace.labels, strict=True))},
            by=(),
        )
        return _grid(question, history.answer(question))

    return Curve(
        name=trace.name,
        start=end - span.seconds,
        step=span.step,
        values=ask(Function.INCREASE if trace.counted else Function.MEAN),
        low=ask(Function.MIN) if trace.band else array("d"),
        high=ask(Function.MAX) if trace.band else array("d"),
    )


def _grid(question: Question, answer: Answer) -> "array[float]":
    values = array("d", [math.nan]) * question.steps
    for line in answer:
        for at, value in zip(line.times, line.values, strict=True):
            values[int((at - question.start) // question.width)] = value
    return values


def _times(curve: Curve, factor: float) -> Curve:
    return replace(curve, values=array("d", (value * factor for value in curve.values)))


def _per_second(curve: Curve, plot: Plot) -> Curve:
    rates = (value / curve.step for value in curve.values)
    if plot.unit is Unit.RATIO:
        # A driver's seconds are read a moment late: a minute may seem to hold 61 of them. min() keeps the NaN on its left.
        rates = (min(rate, 1.0) for rate in rates)
    return replace(curve, values=array("d", rates))


def _limit(plot: Plot, view: GpuView) -> float | None:
    if plot.limit is None:
        return None
    metric, labels = plot.limit[1]
    return view.value(metric, *labels)
