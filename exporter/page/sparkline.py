"""The last 15 minutes of one series as a line of a few pixels, without axes: whether it is steady, not how much."""

import math
from array import array
from dataclasses import replace

from exporter.page.curve import Curve, runs
from exporter.page.markup import Markup, tag

STEP = 10.0
"""Seconds of one point. Only whole ones are drawn, so that the line changes every ten seconds and not every one."""
_HEIGHT, _EDGE = 240, 10
"""Of the plane, ten units to a pixel, so that whole numbers are fine enough."""


def sparkline(
    values: "array[float]", bridged: int, axis: tuple[float, float], label: str
) -> Markup:
    """*values* (of `peaks`) between the ends of *axis*; *label* says the same in words.

    Args:
        values: one per step; NaN where nothing is known.
        bridged: unknown steps in a row that the line crosses.
        axis: what the lower and the upper edge stand for.
        label: for those who do not see it.
    """
    if all(map(math.isnan, values)):
        return tag("svg", class_="spark", viewBox=f"0 0 1 {_HEIGHT}", aria_hidden="true")
    line, area = _paths(values, bridged, *axis)
    return tag(
        "svg",
        tag("path", class_="area", d=area),
        tag("path", class_="line", d=line),
        class_="spark",
        viewBox=f"0 0 {len(values) - 1} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def _paths(values: "array[float]", bridged: int, low: float, high: float) -> tuple[str, str]:
    """The line and the area under it."""
    stretch = (_HEIGHT - 2 * _EDGE) / ((high - low) or 1.0)
    base = _HEIGHT - _EDGE + low * stretch
    line, area = "", ""
    for run in runs(values, bridged):
        drawn = "L".join([f"{place},{base - values[place] * stretch:.0f}" for place in run])
        line += f"M{drawn}h.01"
        area += f"M{run[0]},{_HEIGHT}L{drawn}V{_HEIGHT}z"
    return line, area


def peaks(curve: Curve) -> Curve:
    """One point per ten seconds, the highest value of each: a short peak must not vanish."""
    if curve.step >= STEP:
        return replace(curve, values=array("d", curve.values))
    width = int(STEP / curve.step)
    # Always one point less than would fit, so that the line moves when a point is full and at no other time.
    skipped = width - int(curve.start // curve.step) % width
    values = curve.values[skipped:]
    # max() is only right without NaN, and a sum is the fastest way to know.
    peak = _peak if math.isnan(sum(values)) else max
    highest = array("d", map(peak, zip(*[iter(values)] * width, strict=False)))
    return Curve(
        name=curve.name, start=curve.start + skipped * curve.step, step=STEP, values=highest
    )


def _peak(values: tuple[float, ...]) -> float:
    return max((value for value in values if not math.isnan(value)), default=math.nan)
