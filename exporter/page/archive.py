"""Charts of longer ranges: read from the history in a thread, one request at a time, kept for a minute."""

import asyncio
from collections import OrderedDict

from aiohttp import web

from catalog.errors import HistoryError
from catalog.snapshot import GpuView
from exporter.page.panel import Panel, Span, kept
from history.question import History

_KEPT = 16


class Archive:
    """Asks the history for whole pages of charts."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._answers: OrderedDict[tuple[str, str, float], tuple[Panel, ...]] = OrderedDict()

    async def panels(
        self, history: History, view: GpuView, span: Span, now: float
    ) -> tuple[Panel, ...] | None:
        """The charts of one GPU; None if the history cannot be read."""
        key = (view.identity.uuid, span.key, span.until(now)[1])
        async with self._one_at_a_time:
            if key not in self._answers:
                try:
                    self._answers[key] = await asyncio.to_thread(kept, history, view, span, now)
                except HistoryError:
                    return None
                if len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
            return self._answers[key]


ARCHIVE = web.AppKey("archive", Archive)
