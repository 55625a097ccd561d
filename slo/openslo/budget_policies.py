"""The error-budget policy of an objective, from the file that its annotation names."""

from pathlib import Path
from typing import Literal

import msgspec

from slo.openslo.attached import entries
from slo.openslo.folder import Folder
from slo.openslo.reading import path
from slo.step import Step, Wakes

_ALL = 100


class WrittenStep(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """One entry: what is done when so much of the budget is left."""

    remaining_percent: float
    alert: Literal["page", "ticket", "none"]
    action: str


def policy(folder: Folder, text: str, beside: Path) -> tuple[Step, ...]:
    """The steps in the file called *text*, from much to little.

    Args:
        folder: keeps what was read.
        text: the annotation.
        beside: the file of the annotation.

    Raises:
        ConfigError: one of them is none, or stands there twice.
    """
    found: dict[float, Step] = {}
    for document, place, written in entries(folder, beside.parent / text, WrittenStep):
        if written.remaining_percent >= _ALL:
            complaint = f"expected what is left, below 100 %, got {written.remaining_percent:g}"
        elif not written.action.strip():
            complaint = "say what is done"
        elif written.remaining_percent in found:
            complaint = f"a second step is for {written.remaining_percent:g} %"
        else:
            complaint = ""
        if complaint:
            raise document.error(f"{path(place)}: {complaint}", *place)
        found[written.remaining_percent] = Step(
            remaining=written.remaining_percent / _ALL,
            wakes=Wakes(written.alert),
            action=written.action.strip(),
        )
    return tuple(found[percent] for percent in sorted(found, reverse=True))
