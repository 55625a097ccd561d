"""One connection: aiohttp's handler, which answers what is no HTTP, and our own mistakes, as we answer everything else."""

import asyncio
import logging
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError

from exporter.web.door.limits import AIOHTTP
from exporter.web.door.record import Denial, Record, caller

logger = logging.getLogger(__name__)

Dress = Callable[[web.StreamResponse], None]
"""Gives an answer the headers that every answer has."""


class Handler(web.RequestHandler):
    """Belongs to *server*; what a client did wrong is one denied request, not a traceback."""

    __slots__ = ("_dress", "_record")

    def __init__(self, server: web.Server, record: Record, dress: Dress) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            logger=logger,
            access_log=None,  # type: ignore[arg-type] # None is aiohttp's own word for no log
            **AIOHTTP,
        )
        self._record = record
        self._dress = dress

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, UnicodeEncodeError) and hdrs.EXPECT in request.headers:
            # aiohttp quotes an expectation that it does not know, and cannot if its bytes were no text.
            status, exc = 417, BadHttpMessage("Expect")
        if isinstance(exc, HttpProcessingError):
            # Its message quotes the request, which may hold a password: the client may see it, the log may not.
            error = (message or "").partition("\n")[0].rstrip(":") or "the request is no HTTP"
            who = caller(request.transport)
            self._record.denied(Denial.MALFORMED, who, error=type(exc).__name__)
        else:
            error = "a mistake of ours; the log says more"
            logger.error("request.failed", extra={"path": request.path}, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half of an answer is sent already")
        response = web.json_response({"error": error}, status=status)
        self._dress(response)
        response.force_close()
        return response
