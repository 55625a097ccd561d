"""Cuts connections whose first request does not come. aiohttp's keep-alive does so for the later ones."""

import asyncio

from aiohttp import web

from exporter.web.door.record import Denial, Record, caller


class Deadlines:
    """One timer per connection that has not sent a request yet."""

    def __init__(self, seconds: float, record: Record) -> None:
        self._seconds = seconds
        self._record = record
        self._timers: dict[web.RequestHandler, asyncio.TimerHandle] = {}

    def start(self, handler: web.RequestHandler) -> None:
        """*handler* has a connection now."""
        loop = asyncio.get_running_loop()
        self._timers[handler] = loop.call_later(self._seconds, self._cut, handler)

    def met(self, handler: web.RequestHandler) -> None:
        """The headers of a request are there."""
        timer = self._timers.pop(handler, None)
        if timer is not None:
            timer.cancel()

    def _cut(self, handler: web.RequestHandler) -> None:
        del self._timers[handler]
        if handler.transport is not None:
            self._record.denied(Denial.SLOW, caller(handler.transport), at="headers")
            handler.force_close()
