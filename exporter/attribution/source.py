"""One source of attribution: asked every few seconds, believed for a minute."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from catalog.metrics import exporter
from exporter.attribution.failure import AttributionError, Reason
from exporter.prometheus import Instruments

logger = logging.getLogger(__name__)

PERIOD = 5.0
"""Seconds between two questions."""
OLD = 60.0
"""Seconds after which an answer is dropped: who had the GPU may have gone."""
_BACK_OFF = (1.0, 2.0, 4.0, 8.0, 10.0)
"""Seconds between questions while there is no answer: a kubelet that restarts is back in seconds."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Seconds since 1970, and seconds that never jump."""

    wall: Callable[[], float]
    steady: Callable[[], float]


class Source(Generic[T]):
    """Keeps what *ask* last answered.

    Args:
        name: the label of its metrics.
        ask: raises `AttributionError` when it has no answer.
    """

    def __init__(
        self, name: str, ask: Callable[[], Awaitable[T]], instruments: Instruments, clocks: Clocks
    ) -> None:
        self._name = name
        self._ask = ask
        self._instruments = instruments
        self._clocks = clocks
        self._told: T | None = None
        self._at = 0.0
        self._failing: Reason | None = None
        for reason in Reason:
            instruments.add(exporter.ATTRIBUTION_FAILURES, 0, source=name, reason=reason)
        self._denied(denied=False)

    def current(self) -> T | None:
        """The last answer, the same object as long as it stays the same; None when it is too old."""
        if self._told is not None and self._clocks.steady() - self._at > OLD:
            self._told = None
            logger.warning("attribution.dropped", extra={"source": self._name, "seconds": OLD})
        return self._told

    async def run(self) -> None:
        """Ask for ever."""
        failures = 0
        while True:
            failures = 0 if await self.look() else failures + 1
            wait = _BACK_OFF[min(failures, len(_BACK_OFF)) - 1] if failures else PERIOD
            await asyncio.sleep(wait)

    async def look(self) -> bool:
        """Ask once; whether there was an answer."""
        try:
            told = await self._ask()
        except AttributionError as error:
            self._failed(error.reason, str(error))
            return False
        except Exception as error:  # a bug of ours must not end the others
            logger.exception("attribution.bug", extra={"source": self._name})
            self._failed(Reason.MALFORMED, type(error).__name__)
            return False
        if self._failing:
            logger.info("attribution.recovered", extra={"source": self._name})
        self._failing = None
        self._denied(denied=False)
        self._at = self._clocks.steady()
        if told != self._told:
            self._told = told
        self._instruments.set(
            exporter.ATTRIBUTION_LAST_SUCCESS, self._clocks.wall(), source=self._name
        )
        return True

    def _failed(self, reason: Reason, text: str) -> None:
        self._instruments.add(exporter.ATTRIBUTION_FAILURES, source=self._name, reason=reason)
        self._denied(denied=reason is Reason.DENIED)
        if reason is not self._failing:
            self._failing = reason
            extra = {"source": self._name, "reason": reason.value, "error": text}
            logger.warning("attribution.failed", extra=extra)

    def _denied(self, *, denied: bool) -> None:
        self._instruments.set(exporter.PERMISSION_DENIED, denied, collector=self._name)
