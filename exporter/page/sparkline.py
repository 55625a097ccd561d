"""The last 15 minutes of one series as a line of a few pixels, without axes: whether it is steady, not how much."""

import math
from array import array
from dataclasses import replace
from functools import lru_cache

from exporter.page.curve import Curve, runs
from exporter.page.markup import Markup, tag

STEP = 10.0
"""Seconds of one point. Only whole ones are drawn, so that the line changes every ten seconds and not every one."""
_HEIGHT, _EDGE = 240, 10
"""Of the plane, ten units to a pixel, so that whole numbers are fine enough."""


def sparkline(points: Curve | None, low: float, high: float, label: str) -> Markup:
    """*points* (of `peaks`) between *low* and *high*; *label* says the same in words."""
    if points is None or not points.known:
        return tag("svg", class_="spark", viewBox=f"0 0 1 {_HEIGHT}", aria_hidden="true")
    line, area = _paths(points.values.tobytes(), low, high, points.bridged)
    return tag(
        "svg",
        tag("path", class_="area", d=area),
        tag("path", class_="line", d=line),
        class_="spark",
        viewBox=f"0 0 {len(points.values) - 1} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


@lru_cache(maxsize=128)  # a page is drawn every second, a line changes every ten
def _paths(packed: bytes, low: float, high: float, bridged: int) -> tuple[str, str]:
    """The line and the area under it."""
    values = array("d", packed)
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
