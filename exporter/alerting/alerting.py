"""Tells every Alertmanager of the alerts that hold, again and again while they do, and never that one is over.

Either sender's word that an alert is over would end it for both, and the next sending would be a second page. So ours only lapse:
as long after their condition as the rules' `keep_firing_for`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import aiohttp

from alerts.policies import ALL
from alerts.policy import Policy
from catalog.errors import SinkError
from catalog.metrics import alerting as metrics
from catalog.promql.instant import Labels
from exporter.alerting.client import REASONS, Client
from exporter.alerting.conditions import Alert, Conditions
from exporter.alerting.mismatch import filters, mismatches
from exporter.alerting.outbox import Outbox
from exporter.alerting.settings import Settings
from exporter.hub import Hub
from exporter.prometheus import Instruments

logger = logging.getLogger(__name__)

_TICK = 1.0
"""Seconds after which we look though nothing happened."""
_GRACE = 0.5
"""Seconds for which an alert waits for another one that explains it: Alertmanager silences only what comes after that."""


class Alerting:
    """Joins the hub to the Alertmanagers.

    Args:
        clock: seconds since 1970.
        policies: those that are raised, if they are for the exporter to raise.
    """

    def __init__(
        self,
        settings: Settings,
        hub: Hub,
        instruments: Instruments,
        clock: Callable[[], float],
        policies: Iterable[Policy] = ALL,
    ) -> None:
        self._settings = settings
        self._hub = hub
        self._instruments = instruments
        self._clock = clock
        direct = (policy for policy in policies if policy.direct)
        self._conditions = Conditions(direct, settings.external, settings.links)
        self._sent: dict[Labels, float] = {}
        self._holding: tuple[Alert, ...] = ()
        self._strange: frozenset[Labels] = frozenset()
        self._happened = asyncio.Event()
        self._count_from_zero()

    def _count_from_zero(self) -> None:
        for metric in (metrics.SENT, metrics.MISMATCHES):
            self._instruments.add(metric, 0)
        for reason in REASONS:
            self._instruments.add(metrics.SEND_FAILURES, 0, reason=reason)

    def happened(self) -> None:
        """Something that may be an alert."""
        self._happened.set()

    async def run(self) -> None:
        """Look and tell until this task is cancelled; without an Alertmanager do nothing at all."""
        if not self._settings.urls:
            await asyncio.Event().wait()
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            clients = [Client(url, self._settings, session) for url in self._settings.urls]
            outboxes = [Outbox(client, self._instruments, self._clock) for client in clients]
            for outbox in outboxes:
                group.create_task(_for_ever(outbox.run))
            group.create_task(_for_ever(partial(self._compare, clients)))
            group.create_task(_for_ever(partial(self._watch, outboxes)))

    async def _watch(self, outboxes: Iterable[Outbox]) -> None:
        while True:
            self._happened.clear()
            self._look(outboxes)
            await self._pause(_GRACE if self._early(self._clock()) else _TICK)

    def _early(self, now: float) -> frozenset[Labels]:
        """Those that wait for what may explain them."""
        return frozenset(
            alert.labels
            for alert in self._holding
            if alert.explicable and 0 <= now - alert.since < _GRACE
        )

    def _look(self, outboxes: Iterable[Outbox]) -> None:
        now = self._clock()
        self._holding = self._conditions.look(self._hub.latest, now)
        due = self._due(now)
        for outbox in outboxes:
            outbox.put(due, now + self._settings.hold)

    def _due(self, now: float) -> tuple[Alert, ...]:
        """Those that hold and are new, or were last sent too long ago."""
        early = self._early(now)
        holding = [alert for alert in self._holding if alert.labels not in early]
        due = tuple(
            alert
            for alert in holding
            if not 0 <= now - self._sent.get(alert.labels, float("-inf")) < self._settings.again
        )
        sent = {alert.labels: self._sent.get(alert.labels, now) for alert in holding}
        self._sent = {**sent, **dict.fromkeys((alert.labels for alert in due), now)}
        return due

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._happened.wait()
        except TimeoutError:
            return

    async def _compare(self, clients: Iterable[Client]) -> None:
        """Now and then see whether Prometheus raises the same alerts."""
        while True:
            await asyncio.sleep(self._settings.again)
            holding = self._holding
            if not holding:
                self._strange = frozenset()
                continue
            strange: set[Labels] = set()
            for client in clients:
                try:
                    strange |= mismatches(holding, await client.held(filters(holding)))
                except SinkError as error:
                    logger.warning("alerting.not_compared", extra={"error": str(error)})
            self._tell(frozenset(strange))

    def _tell(self, strange: frozenset[Labels]) -> None:
        """Count each that was not there before."""
        for labels in strange - self._strange:
            self._instruments.add(metrics.MISMATCHES)
            logger.warning("alerting.identity_mismatch", extra={"labels": dict(sorted(labels))})
        self._strange = strange


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Do *work*, which never ends; a bug of ours costs the short way for a moment, not the exporter."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("alerting.bug")
        await asyncio.sleep(_TICK)
