"""The page's routes. `furnish` gives an application the state that they need beside `exporter.web.keys` and RECENT."""

import asyncio
import re
from functools import partial

from aiohttp import web

from catalog.errors import HistoryError
from catalog.event import Event
from catalog.snapshot import GpuView
from exporter.page import address, assets, detail, overview, responses
from exporter.page.archive import ARCHIVE, Archive
from exporter.page.document import Page
from exporter.page.gpu_table import Fragments
from exporter.page.live import LIVE, Crowded, Live, event
from exporter.page.markup import Markup, tag
from exporter.page.panel import SPANS, Panel, Span, remembered
from exporter.page.recent import RECENT
from exporter.page.scene import ABOUT, About, Scene
from exporter.web.keys import CLOCK, EVENTS, HISTORY, HUB, OBJECTIVES
from history.events import Wanted

_EVENTS = 12
_SECONDS = re.compile(r"\d{1,10}\Z", re.ASCII)
_SLOW = 10.0
"""Seconds that a browser may take for one update before it is let go."""


def routes() -> list[web.RouteDef]:
    """All of the page."""
    return [
        web.get("/", first),
        web.get("/gpus/{uuid}", gpu),
        web.get("/live", stream, allow_head=False),
        web.get("/static/{digest}/{name}", static),
    ]


def furnish(app: web.Application, about: About) -> None:
    """Give *app* the page's own state; its RECENT is the one that listens to the hub."""
    app[ABOUT] = about
    app[ARCHIVE] = Archive()
    app[LIVE] = Live()
    app.on_shutdown.append(app[LIVE].close)


async def first(request: web.Request) -> web.Response:
    """GET /: the node."""
    scene = await _scene(request.app)
    drawn = overview.fragments(scene)
    page = Page(
        title=scene.about.node,
        main=overview.body(scene, drawn),
        freshness=drawn["freshness"],
        status=drawn["status"],
        live=address.live(),
    )
    return responses.html(page, scene.about)


async def gpu(request: web.Request) -> web.Response:
    """GET /gpus/{uuid}: one GPU."""
    uuid, span = request.match_info["uuid"], _span(request.query.get("range", SPANS[0].key))
    at = _at(request.query.get("at", ""))
    scene = await _scene(request.app, uuid)
    view = scene.snapshot.gpus.get(uuid)
    if view is None:
        return _missing(uuid, scene.about)
    drawn = detail.fragments(scene, view)
    page = Page(
        title=f"GPU {view.identity.index} · {scene.about.node}",
        main=detail.body(view, drawn, await _charts(request.app, scene, view, span, at)),
        freshness=drawn["freshness"],
        status=drawn["status"],
        live=address.live(uuid),
    )
    return responses.html(page, scene.about)


async def stream(request: web.Request) -> web.StreamResponse:
    """GET /live: what changes on a page, as server-sent events."""
    uuid = request.query.get("gpu")
    if uuid is not None and uuid not in request.app[HUB].latest.gpus:
        raise web.HTTPNotFound(text=f"there is no GPU {uuid}")
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            **responses.HEADERS,
        }
    )
    try:
        with request.app[LIVE].listening(
            uuid or "", partial(_paint, request.app, uuid)
        ) as listener:
            await response.prepare(request)
            await response.write(event("version", assets.version()))
            async for frame in listener.frames():
                async with asyncio.timeout(_SLOW):
                    await response.write(frame)
    except Crowded as error:
        raise web.HTTPServiceUnavailable(text="too many pages are open", headers=_RETRY) from error
    except (TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()
    return response


async def static(request: web.Request) -> web.Response:
    """GET /static/{digest}/{name}: style sheet, script, icon."""
    name, digest = request.match_info["name"], request.match_info["digest"]
    if name not in assets.NAMES or assets.load(name).digest != digest:
        raise web.HTTPNotFound
    return responses.asset(assets.load(name), request.headers.get("If-None-Match", ""))


_RETRY = {"Retry-After": "10"}


async def _paint(app: web.Application, uuid: str | None) -> Fragments:
    """What changes on one page; nothing of a GPU that is gone, which has the page fetched again."""
    scene = await _scene(app, uuid)
    if uuid is None:
        return overview.fragments(scene)
    view = scene.snapshot.gpus.get(uuid)
    return {} if view is None else detail.fragments(scene, view)


async def _scene(app: web.Application, uuid: str | None = None) -> Scene:
    return Scene(
        about=app[ABOUT],
        snapshot=app[HUB].latest,
        recent=app[RECENT],
        events=await asyncio.to_thread(_events, app, uuid),
        now=app[CLOCK](),
        standing=app[OBJECTIVES].latest() if app[OBJECTIVES] and uuid is None else None,
    )


def _events(app: web.Application, uuid: str | None) -> tuple[Event, ...] | None:
    try:
        return app[EVENTS].query(Wanted(uuid=uuid, limit=_EVENTS)).events
    except HistoryError:
        return None


async def _charts(
    app: web.Application, scene: Scene, view: GpuView, span: Span, at: float | None
) -> Markup:
    panels: tuple[Panel, ...] | None
    end = scene.now if at is None else span.around(at, scene.now)
    shown = span if end == scene.now else span.past
    if shown.remembered:
        panels = remembered(app[RECENT], view, end)
    else:
        panels = await app[ARCHIVE].panels(app[HISTORY], view, shown, end)
    # In a thread: some ten milliseconds in which a scrape would wait.
    return await asyncio.to_thread(detail.charts, panels, shown, view.identity.uuid, at)


def _span(key: str) -> Span:
    for span in SPANS:
        if span.key == key:
            return span
    known = ", ".join(span.key for span in SPANS)
    raise web.HTTPBadRequest(text=f"range={key}: there is no such range; there are {known}")


def _at(text: str) -> float | None:
    if not text:
        return None
    if not _SECONDS.match(text):
        raise web.HTTPBadRequest(text="at=...: give seconds since 1970, such as 1795520079")
    return float(text)


def _missing(uuid: str, about: About) -> web.Response:
    main = tag(
        "main",
        tag("h1", "There is no such GPU"),
        tag("p", "No GPU of ", about.node, " has the UUID ", tag("code", uuid), "."),
        tag("p", tag("a", "All GPUs of this node", href=address.OVERVIEW)),
        id="main",
        class_="missing",
        tabindex="-1",
    )
    return responses.html(Page(title="No such GPU", main=main), about, status=404)
