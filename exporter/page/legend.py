"""The lines of a chart by name, with their newest values; the cursor shows its own values there."""

import math

from exporter.page.axes import Axes
from exporter.page.curve import Curve
from exporter.page.markup import Markup, tag
from exporter.page.panel import Panel


def legend(panel: Panel, axes: Axes) -> Markup:
    """One entry per line, in their order."""
    entries = [_entry(place, curve, axes) for place, curve in enumerate(panel.curves)]
    return tag("ul", entries, class_="legend", data_unit=axes.unit.symbol)


def _entry(place: int, curve: Curve, axes: Axes) -> Markup:
    newest = axes.text(curve.last())
    stroke = tag("path", d="M1 4h20", class_=f"line s{place}")
    return tag(
        "li",
        tag("svg", stroke, class_="key", viewBox="0 0 22 8", aria_hidden="true"),
        tag("span", curve.name, class_="name"),
        tag("output", newest, data_last=newest, aria_live="off"),
        data_start=f"{curve.start:.0f}",
        data_step=f"{curve.step:g}",
        data_values=_values(curve, axes),
    )


def _values(curve: Curve, axes: Axes) -> str:
    """Every value as it is written, with commas between; what is unknown is empty."""
    divisor = axes.unit.divisor
    formats = ["" if math.isnan(value) else f"%.{axes.digits}f" for value in curve.values]
    known = [value / divisor for value in curve.values if not math.isnan(value)]
    return ",".join(formats) % tuple(known)
