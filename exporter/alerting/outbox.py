"""What one Alertmanager has still to be told: the newest word on each alert, bounded, tried again until it would have lapsed."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from catalog.errors import SinkError
from catalog.metrics import alerting as metrics
from catalog.promql.instant import Labels
from exporter.alerting.client import Client
from exporter.alerting.conditions import Alert
from exporter.prometheus import Instruments

logger = logging.getLogger(__name__)

_MOST = 1000
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_HOPELESS = ("rejected",)


class Outbox:
    """Sends to one Alertmanager.

    Args:
        clock: seconds since 1970.
    """

    def __init__(
        self, client: Client, instruments: Instruments, clock: Callable[[], float]
    ) -> None:
        self.client = client
        self._instruments = instruments
        self._clock = clock
        self._waiting: dict[Labels, tuple[Alert, float]] = {}
        self._filled = asyncio.Event()
        self._pause = 0.0

    def put(self, alerts: Iterable[Alert], ends: float) -> None:
        """Tell of *alerts*, which hold until *ends*; older words on them are of no interest any more."""
        for alert in alerts:
            self._waiting.pop(alert.labels, None)
            self._waiting[alert.labels] = alert, ends
        while len(self._waiting) > _MOST:
            self._waiting.pop(next(iter(self._waiting)))
            self._failed(
                SinkError("overflow", f"more than {_MOST} alerts wait for {self.client.url}")
            )
        if self._waiting:
            self._filled.set()

    async def run(self) -> None:
        """Send what there is until this task is cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self.send()
            if self._pause:
                await asyncio.sleep(self._pause)

    async def send(self) -> None:
        """Try once."""
        now = self._clock()
        batch = {labels: one for labels, one in self._waiting.items() if one[1] > now}
        self._waiting = {}
        if not batch:
            return
        try:
            await self.client.post(batch.values())
        except SinkError as error:
            self._failed(error)
            if error.reason in _HOPELESS:
                return
            self._waiting = {**batch, **self._waiting}  # what came meanwhile is newer
            self._filled.set()
            self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        else:
            self._pause = 0.0
            self._instruments.add(metrics.SENT, len(batch))

    def _failed(self, error: SinkError) -> None:
        self._instruments.add(metrics.SEND_FAILURES, reason=error.reason)
        logger.warning("alerting.failed", extra={"reason": error.reason, "error": str(error)})
