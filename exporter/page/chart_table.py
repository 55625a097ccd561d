"""The values of a chart as a table, for those who do not see its lines."""

from exporter.page import instant
from exporter.page.axes import Axes
from exporter.page.curve import Curve
from exporter.page.markup import Markup, tag
from exporter.page.panel import Panel

_ROWS = 30


def table(panel: Panel, axes: Axes) -> Markup:
    """At most 30 rows of means, folded away."""
    return tag(
        "details",
        tag("summary", "Table", tag("span", f" of {panel.plot.title.lower()}", class_="unseen")),
        tag(
            "div",
            tag("table", _head(panel, axes), tag("tbody", _rows(panel, axes))),
            class_="scroll",
            tabindex="0",
            role="region",
            aria_label=f"Table of {panel.plot.title}",
        ),
    )


def _head(panel: Panel, axes: Axes) -> Markup:
    names = (f"{curve.name}, {axes.unit.symbol}".rstrip(", ") for curve in panel.curves)
    return tag("thead", tag("tr", [tag("th", name, scope="col") for name in ("UTC", *names)]))


def _rows(panel: Panel, axes: Axes) -> list[Markup]:
    curves = [curve.coarser(_ROWS) for curve in panel.curves]
    start, step = curves[0].start, max(curve.step for curve in curves)
    moments = (start + row * step for row in range(_ROWS))
    return [
        tag(
            "tr",
            tag("th", instant.stamp(at), scope="row"),
            [tag("td", axes.number(_value(curve, at))) for curve in curves],
        )
        for at in moments
        if at < panel.end
    ]


def _value(curve: Curve, at: float) -> float | None:
    place = int((at - curve.start) // curve.step)
    return curve.values[place] if 0 <= place < len(curve.values) else None
