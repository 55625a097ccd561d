"""What may be done to the nodes of a fleet over HTTP, if that is allowed: faults, and exporters that die and come back."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from catalog.errors import ConfigError
from catalog.typed import typed
from exporter.fleet.keys import node_named
from exporter.web.faults import parse


class _Stop(msgspec.Struct):
    seconds: Annotated[float, Meta(gt=0, le=1e9)] | None = None


class _Release(msgspec.Struct):
    seconds: Annotated[float, Meta(gt=0, le=1e9)]


async def fault(request: web.Request) -> web.Response:
    """POST /nodes/NAME/api/v1/faults: let a fault happen, in the words of a scenario file."""
    wanted = parse(await request.read())
    try:
        node_named(request).inject(wanted)
    except ConfigError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return web.json_response({"accepted": dict(wanted)}, status=202)


async def stop(request: web.Request) -> web.Response:
    """POST /nodes/NAME/api/v1/stop: its exporter dies, for so many seconds or until it is started."""
    wanted = parse(await request.read())
    try:
        seconds = typed(wanted, _Stop).seconds
    except ConfigError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    node_named(request).stop(seconds)
    return web.json_response({"accepted": dict(wanted)}, status=202)


async def release(request: web.Request) -> web.Response:
    """POST /nodes/NAME/api/v1/release: its exporter lets go of the driver for so many seconds, as announced."""
    wanted = parse(await request.read())
    try:
        seconds = typed(wanted, _Release).seconds
    except ConfigError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    node_named(request).release(seconds)
    return web.json_response({"accepted": dict(wanted)}, status=202)


async def start(request: web.Request) -> web.Response:
    """POST /nodes/NAME/api/v1/start: its exporter is started if it is down."""
    node_named(request).start()
    return web.json_response({"accepted": {}}, status=202)
