"""Errors that say what was wrong, as JSON."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from catalog.errors import HistoryError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
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
