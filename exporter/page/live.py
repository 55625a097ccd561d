"""Who looks at a page now, and what they have not been told yet. Nobody looks: nothing is drawn."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from exporter.page.gpu_table import Fragments

logger = logging.getLogger(__name__)

_MOST = 64
"""Pages open at once."""
_EVERY = 1.0
_QUIET = 15.0
"""Seconds without a drawing after which an empty comment finds out whether the browser is still there."""

Paint = Callable[[], Awaitable[Fragments]]
"""Draws what changes on one page."""


class Crowded(Exception):
    """As many look as we serve at once."""


class Listener:
    """One open page. What it is slow to take is put together, so a slow one costs no more than a quick one."""

    def __init__(self) -> None:
        self._news: Fragments = {}
        self._reshaped = False
        self._drawn = False
        self._ended = False
        self._wake = asyncio.Event()

    def offer(self, changed: Fragments, *, reshaped: bool = False) -> None:
        """Tell it of fragments that are different now; *reshaped*: the page has other parts than before.

        Nothing changed is told too: only so does a page know that its silence would mean something.
        """
        self._news.update(changed)
        self._reshaped |= reshaped
        self._drawn = True
        self._wake.set()

    def end(self) -> None:
        """Let `frames` end."""
        self._ended = True
        self._wake.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Server-sent events, until the end."""
        while not self._ended:
            try:
                async with asyncio.timeout(_QUIET):
                    await self._wake.wait()
            except TimeoutError:
                yield b": still here\n\n"
            self._wake.clear()
            if self._drawn and not self._ended:
                yield self._frame()

    def _frame(self) -> bytes:
        news, reshaped = self._news, self._reshaped
        self._news, self._reshaped, self._drawn = {}, False, False
        if reshaped:
            return event("reshaped", "")
        return event("patch", news) if news else event("beat", "")


class _Channel:
    """All who look at one page."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._drawn: Fragments = {}
        self.listeners: set[Listener] = set()

    def join(self, listener: Listener) -> None:
        self.listeners.add(listener)
        if self._drawn:
            listener.offer(self._drawn)

    async def refresh(self) -> None:
        before, self._drawn = self._drawn, await self._paint()
        changed = {key: drawn for key, drawn in self._drawn.items() if before.get(key) != drawn}
        reshaped = bool(before) and before.keys() != self._drawn.keys()
        for listener in self.listeners:
            listener.offer(changed, reshaped=reshaped)

    def end(self) -> None:
        for listener in self.listeners:
            listener.end()


class Live:
    """All open pages; draws each page once a second for all who look at it."""

    def __init__(self, most: int = _MOST, every: float = _EVERY) -> None:
        self._most = most
        self._every = every
        self._channels: dict[str, _Channel] = {}
        self._drawing: asyncio.Task[None] | None = None
        self._closed = False

    @contextmanager
    def listening(self, topic: str, paint: Paint) -> Iterator[Listener]:
        """One more page is open.

        Raises:
            Crowded: too many are.
        """
        if (
            self._closed
            or sum(len(each.listeners) for each in self._channels.values()) >= self._most
        ):
            raise Crowded
        listener = Listener()
        channel = self._channels.setdefault(topic, _Channel(paint))
        channel.join(listener)
        if self._drawing is None:
            self._drawing = asyncio.create_task(self._draw())
        try:
            yield listener
        finally:
            self._leave(topic, listener)

    async def close(self, _app: web.Application) -> None:
        """End every stream: the service stops."""
        self._closed = True
        for channel in self._channels.values():
            channel.end()

    def _leave(self, topic: str, listener: Listener) -> None:
        channel = self._channels[topic]
        channel.listeners.discard(listener)
        if not channel.listeners:
            del self._channels[topic]
        if not self._channels and self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None

    async def _draw(self) -> None:
        while True:
            for topic, channel in list(self._channels.items()):
                try:
                    await channel.refresh()
                except Exception:  # a page that cannot be drawn must not take the others with it
                    logger.exception("page.failed", extra={"page": topic})
                    channel.end()
            await asyncio.sleep(self._every)


def event(name: str, data: object) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


LIVE = web.AppKey("live", Live)
