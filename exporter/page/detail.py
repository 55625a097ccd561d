"""The page of one GPU: who it is, how it is, how it was."""

from catalog.metrics import state
from catalog.snapshot import GpuView
from exporter.page import (
    address,
    condition,
    gpu_table,
    header,
    icon,
    instant,
    probe_table,
    words,
)
from exporter.page.chart import chart
from exporter.page.columns import COLUMNS, columns
from exporter.page.event_list import event_list
from exporter.page.gpu_table import Fragments
from exporter.page.markup import Child, Markup, tag
from exporter.page.panel import SPANS, Panel, Span
from exporter.page.quantity import ABSENT
from exporter.page.readings import readings
from exporter.page.scene import Scene
from exporter.page.vitals import Vitals

_ELSEWHERE = "state"
"""The column that is no tile: the heading has it."""


def fragments(scene: Scene, view: GpuView) -> Fragments:
    """Everything on the page that changes, by id; the charts have a rhythm of their own."""
    gathered = Vitals.of(view, scene.recent)
    tiles = tuple(column for column in columns(scene.snapshot) if column.key != _ELSEWHERE)
    return {
        "freshness": header.freshness(scene),
        "status": header.status(scene),
        "state": tag("div", condition.state(gathered), id="state", class_="states"),
        "siblings": _siblings(scene, view),
        **gpu_table.gpu_cells(scene, view, tiles),
        **probe_table.verdicts(gathered, scene.now),
        **readings(gathered),
        "events": event_list(scene),
    }


def body(view: GpuView, drawn: Fragments, charts: Markup) -> Markup:
    """The page's main part."""
    tables = [markup for key, markup in drawn.items() if key.startswith("readings-")]
    return tag(
        "main",
        _heading(view, drawn),
        _tiles(view, drawn),
        charts,
        _probes(drawn),
        tag(
            "section",
            tag("h2", "Current readings", id="readings"),
            tag(
                "div",
                tables or tag("p", "Nothing is known now.", class_="empty"),
                class_="subjects",
            ),
            aria_labelledby="readings",
        ),
        tag(
            "section",
            tag("h2", "Identity", id="identity"),
            _identity(view),
            aria_labelledby="identity",
        ),
        tag(
            "section",
            tag("h2", "Events of this GPU", id="recent"),
            drawn["events"],
            aria_labelledby="recent",
        ),
        id="main",
        tabindex="-1",
    )


def _probes(drawn: Fragments) -> Child:
    table = drawn.get(probe_table.KEY)
    if table is None:
        return None
    return tag("section", tag("h2", "Active probes", id="probes"), table, aria_labelledby="probes")


def charts(
    panels: tuple[Panel, ...] | None, chosen: Span, uuid: str, at: float | None = None
) -> Markup:
    """All charts over one range of time, which ends now or is around *at*."""
    title = "Trends" if at is None else f"Trends around {instant.stamp(at)}"
    return tag(
        "section",
        tag("div", tag("h2", title, id="trends"), _ranges(chosen, uuid, at), class_="bar-of"),
        _charts(panels),
        id="charts",
        aria_labelledby="trends",
        data_refresh=5 if chosen.remembered else 60,
    )


def _charts(panels: tuple[Panel, ...] | None) -> Child:
    if panels is None:
        return tag("p", "The history cannot be read now.", class_="empty sheet")
    filled = [panel for panel in panels if panel.curves]
    empty = ", ".join(panel.plot.title for panel in panels if not panel.curves)
    return (
        tag("div", map(chart, filled), class_="charts"),
        empty and tag("p", f"Nothing recorded in this range: {empty}.", class_="empty"),
    )


def _ranges(chosen: Span, uuid: str, at: float | None) -> Markup:
    links = [
        tag(
            "a",
            tag("abbr", span.key, title=span.title),
            href=address.gpu(uuid, span.key, at),
            aria_current="page" if span.key == chosen.key else None,
            aria_label=span.title,
        )
        for span in SPANS
    ]
    back = None if at is None else tag("a", "now", href=address.gpu(uuid, chosen.key))
    return tag("nav", links, back, class_="ranges", aria_label="Range of the charts")


def _heading(view: GpuView, drawn: Fragments) -> Markup:
    return tag(
        "div",
        tag(
            "div",
            tag("h1", f"GPU {view.identity.index}"),
            tag("p", view.identity.model, class_="model"),
        ),
        drawn["state"],
        drawn["siblings"],
        class_="heading",
    )


def _siblings(scene: Scene, view: GpuView) -> Markup:
    links = [
        _sibling(Vitals.of(other, scene.recent), current=other is view)
        for other in scene.snapshot.gpus.values()
    ]
    return tag("nav", links, id="siblings", class_="siblings", aria_label="GPUs of this node")


def _sibling(vitals: Vitals, *, current: bool) -> Markup:
    """The state of a GPU as a sign."""
    identity, state = vitals.view.identity, vitals.view.state
    return tag(
        "a",
        icon.shape(state),
        str(identity.index),
        href=address.gpu(identity.uuid),
        class_=f"state-{state}",
        aria_current="page" if current else None,
        aria_label=f"GPU {identity.index}, {state}",
    )


def _tiles(view: GpuView, drawn: Fragments) -> Markup:
    tiles = [
        tag("div", tag("dt", column.title), tag("dd", gpu_table.inside(view, column, drawn)))
        for column in COLUMNS
        if gpu_table.has(view, column, drawn)
    ]
    return tag("dl", tiles, class_="tiles")


def _identity(view: GpuView) -> Markup:
    facts = [("UUID", view.identity.uuid), *_info(view)]
    return tag(
        "dl",
        [tag("div", tag("dt", name), tag("dd", value or ABSENT)) for name, value in facts],
        class_="facts sheet",
    )


def _info(view: GpuView) -> list[tuple[str, str]]:
    told = next(iter(view.labelled(state.INFO)), ())
    if not told:
        return [("Model", view.identity.model), ("PCI bus ID", view.identity.pci_bus_id)]
    return [
        (_SPELLED.get(name) or _capital(words.plain(name)), value)
        for name, value in zip(state.INFO.labels, told, strict=True)
    ]


_SPELLED = {
    "pci_bus_id": "PCI bus ID",
    "vbios": "VBIOS",
    "cuda_driver": "CUDA of the driver",
    "minor": "Device minor",
}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
