"""The table of GPUs. Each cell that changes has an id, so that a live update touches it and nothing else."""

import math
from array import array
from functools import lru_cache

from catalog.snapshot import GpuView
from exporter.page import address
from exporter.page.columns import Column, Trend, columns
from exporter.page.markup import Child, Markup, tag
from exporter.page.quantity import shown
from exporter.page.scene import Scene
from exporter.page.sparkline import sparkline
from exporter.page.vitals import Vitals

Fragments = dict[str, Markup]
"""Markup by the id of its element."""


def cells(scene: Scene) -> Fragments:
    """Every cell that changes."""
    chosen, drawn = columns(scene.snapshot), Fragments()
    for view in scene.snapshot.gpus.values():
        drawn.update(gpu_cells(scene, view, chosen))
    return drawn


def gpu_cells(scene: Scene, view: GpuView, chosen: tuple[Column, ...]) -> Fragments:
    """The cells of one GPU."""
    gathered, drawn = Vitals.of(view, scene.recent), Fragments()
    for column in chosen:
        key = _key(view, column)
        drawn[key] = tag("div", column.draw(gathered), id=key, class_="cell")
        if column.trend:
            drawn[f"{key}-trend"] = tag(
                "div", _trend(scene, gathered, column), id=f"{key}-trend", class_="trend"
            )
    return drawn


def table(scene: Scene, drawn: Fragments) -> Markup:
    """The table, from its cells."""
    chosen = columns(scene.snapshot)
    heads = [tag("th", column.title, scope="col", role="columnheader") for column in chosen]
    return tag(
        "table",
        tag("caption", "GPUs of this node, trends of the last 15 minutes", class_="unseen"),
        tag(
            "thead",
            tag("tr", tag("th", "GPU", scope="col", role="columnheader"), heads, role="row"),
            role="rowgroup",
        ),
        tag(
            "tbody",
            [_row(view, chosen, drawn) for view in scene.snapshot.gpus.values()],
            role="rowgroup",
        ),
        class_="gpus",
        role="table",
    )


def has(view: GpuView, column: Column, drawn: Fragments) -> bool:
    """Whether there is such a cell."""
    return _key(view, column) in drawn


def inside(view: GpuView, column: Column, drawn: Fragments) -> Child:
    """What is in one cell."""
    key = _key(view, column)
    return drawn[key], drawn.get(f"{key}-trend")


def _row(view: GpuView, chosen: tuple[Column, ...], drawn: Fragments) -> Markup:
    identity = view.identity
    name = tag(
        "th",
        tag(
            "a",
            tag("span", f"GPU {identity.index}", class_="index"),
            tag("span", identity.model, class_="model"),
            href=address.gpu(identity.uuid),
        ),
        scope="row",
        role="rowheader",
    )
    filled = [
        tag(
            "td",
            inside(view, column, drawn),
            class_=f"c-{column.key}",
            role="cell",
            data_title=column.title,
        )
        for column in chosen
    ]
    return tag("tr", name, filled, role="row")


def _key(view: GpuView, column: Column) -> str:
    return f"{view.identity.uuid}-{column.key}"


def _trend(scene: Scene, gathered: Vitals, column: Column) -> Markup | None:
    trend = column.trend
    if trend is None:
        return None
    points = scene.recent.peaks(gathered.view.identity.uuid, trend.series, scene.now)
    top = gathered.values.get(trend.top) if trend.top else None
    values = points.values.tobytes() if points else b""
    return _line(values, points.bridged if points else 0, top or trend.high, column)


@lru_cache(maxsize=256)  # a page is drawn every second, a line changes every ten
def _line(values: bytes, bridged: int, top: float, column: Column) -> Markup | None:
    """A sparkline of *values*, with what it shows in words."""
    trend, points = column.trend, array("d", values)
    if trend is None:
        return None
    label = _range(points, trend, column.title)
    return sparkline(points, bridged, (trend.low, top), label)


def _range(points: "array[float]", trend: Trend, title: str) -> str:
    """The sparkline in words."""
    known = [value for value in points if not math.isnan(value)]
    if not known:
        return f"{title}: nothing known of the last 15 minutes"
    unit = trend.series[0].unit
    return f"{title}, last 15 minutes: {shown(min(known), unit)} to {shown(max(known), unit)}"
