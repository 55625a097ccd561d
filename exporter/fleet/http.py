"""What `gpuvitals simulate` answers over HTTP: every node's `/metrics` and more, and where Prometheus finds them.

Targets get `instance` (the node's name, in place of the address that all share) and no `node`: gpu_info has that label,
which Prometheus would rename to `exported_node` beside a target's own, and joins on it would find nothing.
"""

import socket

from aiohttp import hdrs, web

from exporter.fleet import orders
from exporter.fleet.fleet import Fleet
from exporter.fleet.keys import FLEET, node_asked
from exporter.web import api, errors, health
from exporter.web.door import origin
from exporter.web.parameters import taking

_GRACE = 1.5
"""Seconds that open requests get to end."""
_MAX_BODY = 64 * 1024


def serve(fleet: Fleet, listener: socket.socket, *, fault_injection: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    app = build(fleet, fault_injection=fault_injection)
    web.run_app(app, sock=listener, access_log=None, print=None, shutdown_timeout=_GRACE)


def build(fleet: Fleet, *, fault_injection: bool = False) -> web.Application:
    """The application."""
    app = web.Application(middlewares=[errors.as_json, _ours], client_max_size=_MAX_BODY)
    app[FLEET] = fleet
    app.on_response_prepare.append(_name)
    app.add_routes(
        [
            web.get("/", index),
            web.get("/sd", targets),
            web.get("/healthz", health.healthz),
            web.get("/nodes/{name}/metrics", taking(metrics, "name[]")),
            web.get("/nodes/{name}/healthz", healthz),
            web.get("/nodes/{name}/healthz/gpus", taking(healthz_gpus)),
            web.get("/nodes/{name}/api/v1/gpus", taking(gpus)),
        ]
    )
    if fault_injection:
        app.add_routes(
            [
                web.post("/nodes/{name}/api/v1/faults", orders.fault),
                web.post("/nodes/{name}/api/v1/stop", orders.stop),
                web.post("/nodes/{name}/api/v1/release", orders.release),
                web.post("/nodes/{name}/api/v1/start", orders.start),
            ]
        )
    return app


async def index(request: web.Request) -> web.Response:
    """GET /: the nodes."""
    links = "".join(
        f'<li><a href="{_path(name)}">{name}</a></li>\n' for name in request.app[FLEET].names
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
            for name in request.app[FLEET].names
        ]
    )


async def metrics(request: web.Request) -> web.StreamResponse:
    """GET /nodes/NAME/metrics: as that node's exporter would answer."""
    return await node_asked(request).scrapes.handle(request)


async def healthz(request: web.Request) -> web.Response:
    """GET /nodes/NAME/healthz: its exporter answers, unless it is down."""
    node_asked(request)
    return await health.healthz(request)


async def healthz_gpus(request: web.Request) -> web.Response:
    """GET /nodes/NAME/healthz/gpus: 503 if a GPU of it is lost or hung."""
    return health.gpu_health(node_asked(request).snapshot, request.app[FLEET].now())


async def gpus(request: web.Request) -> web.Response:
    """GET /nodes/NAME/api/v1/gpus: every GPU of it with its newest readings."""
    return web.json_response(api.gpus_of(node_asked(request).snapshot))


@web.middleware
async def _ours(request: web.Request, handler: errors.Handler) -> web.StreamResponse:
    if origin.foreign(request):
        raise web.HTTPForbidden(text=origin.SAID)
    return await handler(request)


async def _name(_request: web.Request, response: web.StreamResponse) -> None:
    """Say who answers, and not with what library in which version."""
    response.headers[hdrs.SERVER] = "gpuvitals"


def _path(name: str) -> str:
    return f"/nodes/{name}/metrics"
