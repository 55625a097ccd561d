"""What `gpuvitals simulate` answers over HTTP: every node's `/metrics`, and where Prometheus finds them.

Targets get `instance` (the node's name, in place of the address that all share) and no `node`: gpu_info has that label,
which Prometheus would rename to `exported_node` beside a target's own, and joins on it would find nothing.
"""

import socket

from aiohttp import web

from exporter.fleet.fleet import Fleet
from exporter.web import errors, health

_FLEET = web.AppKey("fleet", Fleet)
_GRACE = 1.5
"""Seconds that open requests get to end."""


def serve(fleet: Fleet, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    app = build(fleet)
    web.run_app(app, sock=listener, access_log=None, print=None, shutdown_timeout=_GRACE)


def build(fleet: Fleet) -> web.Application:
    """The application."""
    app = web.Application(middlewares=[errors.as_json])
    app[_FLEET] = fleet
    app.add_routes(
        [
            web.get("/", index),
            web.get("/sd", targets),
            web.get("/healthz", health.healthz),
            web.get("/nodes/{name}/metrics", metrics),
        ]
    )
    return app


async def index(request: web.Request) -> web.Response:
    """GET /: the nodes."""
    links = "".join(
        f'<li><a href="{_path(name)}">{name}</a></li>\n' for name in request.app[_FLEET].names
    )
    page = f"<!doctype html>\n<title>Simulated fleet</title>\n<h1>Simulated fleet</h1>\n<ul>\n{links}</ul>\n"
    return web.Response(text=page, content_type="text/html")


async def targets(request: web.Request) -> web.Response:
    """GET /sd: one target per node, at the address that the client used (Prometheus, http_sd_config)."""
    return web.json_response(
        [
            {
                "targets": [request.host],
                "labels": {"instance": name, "__metrics_path__": _path(name)},
            }
            for name in request.app[_FLEET].names
        ]
    )


async def metrics(request: web.Request) -> web.StreamResponse:
    """GET /nodes/NAME/metrics: as that node's exporter would answer."""
    name = request.match_info["name"]
    node = request.app[_FLEET].node(name)
    if node is None:
        raise web.HTTPNotFound(text=f"there is no node {name!r}; / lists all")
    node.advance()
    return await node.scrapes.handle(request)


def _path(name: str) -> str:
    return f"/nodes/{name}/metrics"
