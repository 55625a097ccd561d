"""The axes of a chart: which values and times its edges are, where its marks are, and how values are written on it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.metric import Unit
from exporter.page import instant
from exporter.page.markup import Markup, tag
from exporter.page.panel import Panel
from exporter.page.path import Plane
from exporter.page.quantity import ABSENT, Scale, scale
from exporter.page.scale import bounds, moments, ticks

TALL, TOP, BOTTOM = 160, 8, 22
"""Pixels: of the plane, above it and below it."""
WHOLE = TOP + TALL + BOTTOM
_DAYS = 2 * 86_400
"""Seconds beyond which the time axis says days."""
_EDGE = 0.03
"""Share of the width at either end where a label would be cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """Both axes.

    Attributes:
        marks: values that have a line across.
        digits: after the point, the same for every value of the chart.
    """

    plane: Plane
    marks: tuple[float, ...]
    unit: Scale
    digits: int

    @classmethod
    def of(cls, panel: Panel) -> "Axes":
        values = [value for curve in panel.curves for value in curve.extremes()]
        if panel.limit is not None:
            values.append(panel.limit)
        low, high = bounds(values, panel.plot.floor, panel.plot.ceiling)
        unit = scale(panel.plot.unit, high)
        marks = ticks(low / unit.divisor, high / unit.divisor)
        top = max(abs(marks[0]), abs(marks[-1]))
        return cls(
            plane=Plane(
                start=panel.start,
                end=panel.end,
                low=marks[0] * unit.divisor,
                high=marks[-1] * unit.divisor,
            ),
            marks=tuple(mark * unit.divisor for mark in marks),
            unit=unit,
            digits=_digits(panel.plot.unit, top),
        )

    def number(self, value: float | None) -> str:
        """*value* without its unit."""
        if value is None or math.isnan(value):
            return ABSENT
        return f"{value / self.unit.divisor:.{self.digits}f}"

    def text(self, value: float | None) -> str:
        """*value* with its unit."""
        return f"{self.number(value)}\u00a0{self.unit.symbol}".rstrip()


def _digits(unit: Unit, top: float) -> int:
    """Three significant ones at the top of the axis; none of counts, one at least of bytes: 2 GiB says too little."""
    if unit is Unit.NONE:
        return 0
    least = 1 if unit is Unit.BYTES else 0
    return min(max(2 - math.floor(math.log10(top)), least), 3)


def scale_of(axes: Axes) -> Markup:
    """The numbers beside the plane."""
    labels = [
        tag("text", f"{mark / axes.unit.divisor:,.6g}", x="100%", y=f"{_y(axes, mark) + 4:.1f}")
        for mark in axes.marks
    ]
    symbol = tag("text", axes.unit.symbol, x="100%", y=WHOLE - 6)
    return tag("svg", labels, symbol, class_="axis", height=WHOLE, aria_hidden="true")


def grid(axes: Axes) -> Iterator[Markup]:
    """A line across at each mark."""
    for mark in axes.marks:
        y = f"{_y(axes, mark):.1f}"
        yield tag("line", x1="0", x2="100%", y1=y, y2=y, class_="grid")


def times(axes: Axes) -> Iterator[Markup]:
    """The times below the plane."""
    start, end = axes.plane.start, axes.plane.end
    written = instant.day if end - start > _DAYS else instant.minute
    for moment in moments(start, end):
        share = axes.plane.x(moment)
        if _EDGE <= share <= 1 - _EDGE:
            yield tag("text", written(moment), x=f"{share:.2%}", y=WHOLE - 6, class_="time")


def _y(axes: Axes, value: float) -> float:
    return TOP + axes.plane.y(value) * TALL
