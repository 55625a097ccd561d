"""The objectives of this node: a line each, of the group that stands worst."""

from collections.abc import Iterator

from catalog.metric import Unit
from exporter.page import icon, instant, words
from exporter.page.gpu_table import Fragments
from exporter.page.markup import Child, Markup, tag
from exporter.page.quantity import ABSENT, number, shown
from exporter.page.scene import Scene
from slo.status import GroupStatus, ObjectiveStatus
from slo.status_table import name

KEY = "objectives"
_HEADS = ("Objective", "State", "Good", "Budget left", "Burn rate")
_PACE = "1h"
# From the worst to the best, and the shape that each has.
_SHAPES = {
    "exhausted": "unhealthy",
    "burning": "degraded",
    "no_data": "unknown",
    "warming_up": "recovering",
    "idle": "ok",
    "ok": "ok",
}


def objectives(scene: Scene) -> Fragments:
    """The table, if a folder of objectives is set."""
    if scene.standing is None:
        return {}
    return {KEY: tag("div", _body(scene), id=KEY)}


def _body(scene: Scene) -> Child:
    standing = scene.standing
    if standing is None or not standing.at:
        return tag("p", "Being computed.", class_="empty sheet")
    heads = [tag("th", head, scope="col", role="columnheader") for head in _HEADS]
    return tag(
        "table",
        tag("caption", f"As of {instant.clock(standing.at)} UTC, by the history of this node"),
        tag("thead", tag("tr", heads, role="row"), role="rowgroup"),
        tag("tbody", [_row(status) for status in standing.objectives], role="rowgroup"),
        class_="readings verdicts objectives",
        role="table",  # a browser forgets what it is where the style sheet lays it out anew
    )


def _row(status: ObjectiveStatus) -> Markup:
    group = min(status.groups, key=_rank, default=None)
    state = "no_data" if group is None else group.state or "no_data"
    cells = (
        _state("unknown" if status.refused else state),
        *([ABSENT] * 3 if group is None else _cells(group)),
    )
    return tag(
        "tr",
        tag("th", *_name(status, group), scope="row", role="rowheader"),
        [
            tag("td", cell, role="cell", data_title=title)
            for title, cell in zip(_HEADS[1:], cells, strict=True)
        ],
        role="row",
    )


def _rank(group: GroupStatus) -> tuple[int, float]:
    """The worst comes first."""
    return list(_SHAPES).index(group.state or "no_data"), group.remaining


def _name(status: ObjectiveStatus, group: GroupStatus | None) -> Iterator[Child]:
    yield status.objective.name
    if status.refused:
        yield tag("span", status.refused, class_="minor")
    elif group and status.objective.by:
        others = len(status.groups) - 1
        which = name(status.objective, group).removeprefix(status.objective.name)
        yield tag("span", which, f", the worst of {others + 1}" if others else "", class_="minor")


def _state(state: str) -> Markup:
    shape = _SHAPES.get(state, "unknown")
    return tag("span", icon.shape(shape), words.plain(state), class_=f"badge state-{shape}")


def _cells(group: GroupStatus) -> list[str]:
    return [
        ABSENT if group.sli is None else _percent(group.sli),
        shown(group.remaining, Unit.RATIO),
        f"{number(group.burn_rates[_PACE])}\u00a0\u00d7",
    ]


def _percent(share: float) -> str:
    """With so many digits that 99.9 and 99.99 differ."""
    return f"{share * 100:.4g}\u00a0%" if share < 0.9995 else f"{share * 100:.6g}\u00a0%"
