"""The HTTP application: its routes."""

from aiohttp import web

from exporter.web import api, errors, faults, health, slo_api
from exporter.web.parameters import taking
from exporter.web.scrape import Scrapes

_MAX_BODY = 64 * 1024


def build(scrapes: Scrapes, *, fault_injection: bool) -> web.Application:
    """The application; `exporter.application` fills its keys."""
    app = web.Application(middlewares=[errors.as_json], client_max_size=_MAX_BODY)
    app.add_routes(
        [
            web.get("/metrics", taking(scrapes.handle, "name[]")),
            web.get("/healthz", health.healthz),
            web.get("/healthz/gpus", taking(health.healthz_gpus)),
            web.get("/readyz", health.readyz),
            web.get("/api/v1/gpus", taking(api.gpus)),
            web.get("/api/v1/events", api.events),
            web.get("/api/v1/history", api.history),
            web.get("/api/v1/probes", api.probes),
            web.get("/api/v1/slo", taking(slo_api.standing)),
        ]
    )
    if fault_injection:
        app.router.add_post("/api/v1/faults", faults.inject)
    return app
