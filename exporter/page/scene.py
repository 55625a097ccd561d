"""All that a page is drawn from, at one moment."""

from dataclasses import dataclass

from aiohttp import web

from catalog.event import Event
from catalog.snapshot import Snapshot
from exporter.page.recent import Recent
from slo.statuses import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the page says of the exporter itself.

    Attributes:
        node: the name of this machine.
        source: what is read, as the operator named it.
    """

    node: str
    source: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A moment of the node.

    Attributes:
        events: newest first; None if the log cannot be read.
        standing: how the objectives stand; None if there are none.
    """

    about: About
    snapshot: Snapshot
    recent: Recent
    events: tuple[Event, ...] | None
    now: float
    standing: Standing | None = None


ABOUT = web.AppKey("about", About)
