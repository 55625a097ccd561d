"""What goes wrong while GPUs are read, as metrics of ours: each series exists at 0 before anything happens."""

import logging
from collections.abc import Collection

from catalog.metrics import exporter
from exporter.prometheus import Instruments
from probes.driver import Return
from probes.messages import NewReading

logger = logging.getLogger(__name__)

_DENIED = Return.NO_PERMISSION.name.lower()
_OTHER = "other"
_REASONS = frozenset(
    each.name.lower() for each in (Return.UNKNOWN, Return.TIMEOUT, Return.RESET_REQUIRED)
)
"""What drivers answer when a GPU is not well; whatever else happens is `other`, and by its name in the log."""
_REJECTED = ("blank", "out_of_range")
_EVENTS = "events"
"""Waiting for the driver's events fails as a collector does."""


class CollectorCounts:
    """Counts into *instruments*; what is new is logged, in more words than a label has."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._denied: set[tuple[str, str]] = set()
        self._said: set[tuple[str, ...]] = set()

    def begin(self, collectors: Collection[str], budgets: Collection[str]) -> None:
        """Show 0 for all that can be counted while *collectors* run and these families have a budget of series."""
        add = self._instruments.add
        for collector in (*sorted(collectors), _EVENTS):
            for reason in (*sorted(_REASONS), _OTHER):
                add(exporter.COLLECTOR_FAILURES, 0, collector=collector, reason=reason)
        for collector in sorted(collectors):
            for reason in _REJECTED:
                add(exporter.VALUES_REJECTED, 0, collector=collector, reason=reason)
        for metric in sorted(budgets):
            add(exporter.SERIES_DROPPED, 0, metric=metric)

    def count(self, uuid: str, message: NewReading) -> None:
        """One reading of the GPU called *uuid*."""
        for collector, seconds in message.durations:
            self._instruments.observe(exporter.COLLECTOR_DURATION, seconds, collector=collector)
            self._permit(uuid, collector, denied=(collector, _DENIED) in message.failures)
        for collector, reason in message.failures:
            if reason != _DENIED:  # That is a gauge: it lasts, and somebody may want it so.
                self.failed(collector, reason, uuid)
        for collector, metric, reason in message.rejected:
            self._instruments.add(exporter.VALUES_REJECTED, collector=collector, reason=reason)
            if self._news("value", metric, reason, uuid):
                extra = {"metric": metric, "reason": reason, "uuid": uuid}
                logger.warning("value.rejected", extra=extra)
        for metric, count in message.dropped:
            self._instruments.add(exporter.SERIES_DROPPED, count, metric=metric)

    def failed(self, collector: str, reason: str, uuid: str = "") -> None:
        """A question was answered with an error, or with what nobody foresaw."""
        label = reason if reason in _REASONS else _OTHER
        self._instruments.add(exporter.COLLECTOR_FAILURES, collector=collector, reason=label)
        if self._news("collector", collector, reason, uuid):
            extra = {"collector": collector, "reason": reason, "uuid": uuid}
            logger.warning("collector.failed", extra=extra)

    def events_failed(self, reason: str) -> None:
        """What happened meanwhile was not heard of."""
        self.failed(_EVENTS, reason)

    def _news(self, *what: str) -> bool:
        """Whether this was not said before: what goes wrong mostly does so every second."""
        new = what not in self._said
        self._said.add(what)
        return new

    def _permit(self, uuid: str, collector: str, *, denied: bool) -> None:
        """Show that *collector* is denied something as long as any GPU does so."""
        if ((uuid, collector) in self._denied) != denied:
            self._denied ^= {(uuid, collector)}
            some = any(name == collector for _, name in self._denied)
            self._instruments.set(exporter.PERMISSION_DENIED, some, collector=collector)
