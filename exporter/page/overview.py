"""The first page: the node, its GPUs, what happened."""

from exporter.page import gpu_table, header, objective_table
from exporter.page.event_list import event_list
from exporter.page.gpu_table import Fragments
from exporter.page.markup import Child, Markup, tag
from exporter.page.scene import Scene


def fragments(scene: Scene) -> Fragments:
    """Everything on the page that changes, by id."""
    return {
        "freshness": header.freshness(scene),
        "status": header.status(scene),
        "figures": header.figures(scene),
        **gpu_table.cells(scene),
        **objective_table.objectives(scene),
        "events": event_list(scene),
    }


def body(scene: Scene, drawn: Fragments) -> Markup:
    """The page's main part."""
    return tag(
        "main",
        tag("h1", scene.about.node, class_="unseen"),
        drawn["figures"],
        tag("section", tag("h2", "GPUs", id="gpus"), _gpus(scene, drawn), aria_labelledby="gpus"),
        _objectives(drawn),
        tag(
            "section",
            tag("h2", "Recent events", id="recent"),
            drawn["events"],
            aria_labelledby="recent",
        ),
        id="main",
        tabindex="-1",
    )


def _objectives(drawn: Fragments) -> Child:
    table = drawn.get(objective_table.KEY)
    if table is None:
        return None
    return tag("section", tag("h2", "Objectives", id="slo"), table, aria_labelledby="slo")


def _gpus(scene: Scene, drawn: Fragments) -> Child:
    if scene.snapshot.gpus:
        return tag("div", gpu_table.table(scene, drawn), class_="sheet")
    if scene.snapshot.driver_up:
        return tag("p", "The driver answers; its GPUs are being read.", class_="empty sheet")
    return tag(
        "p",
        "No driver answers. GPUs appear here as soon as one does; the exporter looks for it every few seconds.",
        class_="empty sheet",
    )
