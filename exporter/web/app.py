"""The HTTP application: its routes, and errors that say what was wrong."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from catalog.errors import HistoryError
from exporter.page.routes import routes as page_routes
from exporter.web import api, health
from exporter.web.scrape import Scrapes

_MAX_BODY = 64 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(scrapes: Scrapes, *, fault_injection: bool) -> web.Application:
    """The application; the service fills its keys."""
    app = web.Application(middlewares=[_errors], client_max_size=_MAX_BODY)
    app.add_routes(
        [
            web.get("/metrics", scrapes.handle),
            web.get("/healthz", health.healthz),
            web.get("/healthz/gpus", health.healthz_gpus),
            web.get("/readyz", health.readyz),
            web.get("/api/v1/gpus", api.gpus),
            web.get("/api/v1/events", api.events),
            web.get("/api/v1/history", api.history),
            *page_routes(),
        ]
    )
    if fault_injection:
        app.router.add_post("/api/v1/faults", api.faults)
    return app


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of the API and of `/metrics` have a JSON body that says what was wrong."""
    try:
        return await handler(request)
    except HistoryError as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPError as error:
        if "json" in error.content_type:
            raise
        headers = {
            name: value
            for name, value in error.headers.items()
            if name in ("Allow", "Retry-After")
        }
        return web.json_response(
            {"error": _text(request, error)}, status=error.status, headers=headers
        )


def _text(request: web.Request, error: web.HTTPError) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} is not allowed on {request.path}; use {', '.join(sorted(error.allowed_methods))}"
    if isinstance(error, web.HTTPNotFound) and error.text == "404: Not Found":
        return f"there is nothing at {request.path}"
    return error.text or error.reason
