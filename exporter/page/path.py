"""Curves as SVG paths in a plane of `WIDTH` by `HEIGHT` that the browser stretches: whole numbers are fine enough."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.page.curve import Curve

WIDTH, HEIGHT = 4000, 1600


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """The times and values at its edges."""

    start: float
    end: float
    low: float
    high: float

    def x(self, at: float) -> float:
        """0 to 1 from left to right."""
        return (at - self.start) / (self.end - self.start)

    def y(self, value: float) -> float:
        """0 to 1 from top to bottom."""
        return (self.high - value) / (self.high - self.low)


def line(curve: Curve, plane: Plane) -> str:
    """One stroke per run of known values; a value alone is a dot."""
    return "".join(f"M{_points(curve, run, curve.values, plane)}h1" for run in curve.runs())


def band(curve: Curve, plane: Plane) -> str:
    """The area between the lowest and the highest value of each step."""
    if not curve.low:
        return ""
    return "".join(
        f"M{_points(curve, run, curve.high, plane)}L{_points(curve, run[::-1], curve.low, plane)}z"
        for run in curve.runs()
    )


def _points(curve: Curve, run: Sequence[int], values: "array[float]", plane: Plane) -> str:
    first = plane.x(curve.start + curve.step / 2) * WIDTH
    step = curve.step / (plane.end - plane.start) * WIDTH
    base, stretch = plane.y(0) * HEIGHT, HEIGHT / (plane.high - plane.low)
    flat = [
        number
        for place in run
        for number in (first + place * step, base - values[place] * stretch)
    ]
    # One format for all: a third of the time of one for each.
    return "L".join(["%d,%d"] * len(run)) % tuple(flat)
