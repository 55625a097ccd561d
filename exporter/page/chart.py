"""A chart as SVG, with its legend and the same values as a table."""

from exporter.page import axes as sides
from exporter.page import instant, path
from exporter.page.axes import Axes
from exporter.page.chart_table import table
from exporter.page.legend import legend
from exporter.page.markup import Markup, tag
from exporter.page.panel import Panel


def chart(panel: Panel) -> Markup:
    """The whole figure."""
    axes = Axes.of(panel)
    key = f"chart-{panel.plot.key}"
    return tag(
        "section",
        tag("h3", panel.plot.title, id=f"{key}-title"),
        tag("p", class_="moment"),
        legend(panel, axes),
        tag("div", sides.scale_of(axes), _plot(panel, axes, key), class_="plot"),
        table(panel, axes),
        id=key,
        class_="chart",
        aria_labelledby=f"{key}-title",
        data_start=f"{panel.start:.0f}",
        data_end=f"{panel.end:.0f}",
    )


def _plot(panel: Panel, axes: Axes, key: str) -> Markup:
    return tag(
        "svg",
        tag("title", panel.plot.title, id=f"{key}-name"),
        tag("desc", _description(panel, axes), id=f"{key}-desc"),
        sides.grid(axes),
        sides.times(axes),
        _surface(panel, axes),
        class_="lines",
        height=sides.WHOLE,
        role="img",
        aria_labelledby=f"{key}-name {key}-desc",
    )


def _surface(panel: Panel, axes: Axes) -> Markup:
    """The lines themselves, in a plane that is stretched to the width of the page."""
    drawn: list[Markup] = []
    for place, curve in enumerate(panel.curves):
        if curve.low:
            drawn.append(tag("path", class_=f"band s{place}", d=path.band(curve, axes.plane)))
        drawn.append(tag("path", class_=f"line s{place}", d=path.line(curve, axes.plane)))
    return tag(
        "svg",
        drawn,
        _limit(panel, axes),
        class_="surface",
        y=sides.TOP,
        width="100%",
        height=sides.TALL,
        viewBox=f"0 0 {path.WIDTH} {path.HEIGHT}",
        preserveAspectRatio="none",
    )


def _limit(panel: Panel, axes: Axes) -> Markup | None:
    if panel.limit is None or panel.plot.limit is None:
        return None
    y = axes.plane.y(panel.limit) * path.HEIGHT
    name = tag("title", f"{panel.plot.limit[0]} {axes.text(panel.limit)}")
    return tag("path", name, class_="limit", d=f"M0 {y:.0f}H{path.WIDTH}")


def _description(panel: Panel, axes: Axes) -> str:
    """The chart in a sentence."""
    parts = [f"{instant.stamp(panel.start)} to {instant.stamp(panel.end)} UTC."]
    for curve in panel.curves:
        extremes = list(curve.extremes())
        low, high = axes.text(min(extremes)), axes.text(max(extremes))
        parts.append(f"{curve.name}: {low} to {high}, last {axes.text(curve.last())}.")
    return " ".join(parts)
