"""What aiohttp logs: what a client did wrong is one denied request, not a traceback."""

import logging
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError

from exporter.web.door.record import Denial, Record


class Complaints(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's logger, for `web.AppRunner`."""

    def __init__(self, logger: logging.Logger, record: Record) -> None:
        super().__init__(logger, {})
        self._record = record

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        error = kwargs.get("exc_info")
        if isinstance(error, HttpProcessingError):
            who = str(args[0]) if args else "unknown"
            # Its message quotes the request, which may hold a password.
            self._record.denied(Denial.MALFORMED, who, error=type(error).__name__)
        else:
            super().exception(msg, *args, **kwargs)
