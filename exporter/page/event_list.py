"""What happened, newest first."""

from collections.abc import Mapping

from catalog.event import Event, EventKind
from catalog.snapshot import GpuView
from catalog.xid.actions import Action
from exporter.page import address, icon, instant, words
from exporter.page.markup import Child, Markup, tag
from exporter.page.scene import Scene

_SHAPES = {"info": "ok", "warning": "degraded", "critical": "unhealthy"}
_CODED = {EventKind.XID: "Xid", EventKind.SXID: "SXid"}


def event_list(scene: Scene) -> Markup:
    """The events of a scene."""
    return tag("div", _body(scene), id="events", class_="events")


def _body(scene: Scene) -> Child:
    if scene.events is None:
        return tag("p", "The event log cannot be read now.", class_="empty")
    if not scene.events:
        return tag("p", "Nothing has happened: no Xid, no GPU lost, no restart.", class_="empty")
    return tag("ol", [_event(event, scene.snapshot.gpus) for event in scene.events])


def _event(event: Event, gpus: Mapping[str, GpuView]) -> Markup:
    return tag(
        "li",
        tag(
            "time",
            tag("span", instant.day(event.at), class_="day"),
            instant.clock(event.at),
            datetime=instant.iso(event.at),
        ),
        tag(
            "span",
            icon.shape(_SHAPES[event.severity]),
            tag("span", f"{event.severity}: ", class_="unseen"),
            _kind(event),
            class_=f"kind severity-{event.severity}",
        ),
        tag("span", _where(event, gpus), class_="where"),
        tag("span", event.message, _advice(event), class_="message"),
    )


def _advice(event: Event) -> Child:
    """What to do about an Xid or SXid, where there is something to do."""
    if event.action in (None, Action.NONE):
        return None
    return tag("strong", f" {_sentence(words.plain(event.action))}.")


def _kind(event: Event) -> str:
    if event.code is not None:
        return f"{_CODED[event.kind]} {event.code}"
    return _sentence(words.plain(event.kind))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _where(event: Event, gpus: Mapping[str, GpuView]) -> Child:
    if not event.uuid:
        return "NVSwitch" if event.kind is EventKind.SXID else "node"
    view = gpus.get(event.uuid)
    if view is None:
        return "GPU gone"
    return tag("a", f"GPU {view.identity.index}", href=address.gpu(event.uuid))
