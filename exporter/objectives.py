"""How this node's objectives stand: asked of its own history in a thread, when somebody looks, at most once per tile."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from catalog.errors import HistoryError
from history.embedded import EmbeddedCounting
from history.question import History
from history.remembered import RememberedCounting
from slo.objective import TILE, Objective
from slo.statuses import Standing, of_history

logger = logging.getLogger(__name__)

PENDING = Standing(at=0.0, objectives=())
"""Stands for what is not known yet."""
_FORGET = 900.0
"""Seconds after the last look until memory is given back; then the next look reads the whole window again."""
_LATE = 20.0
"""Seconds after its end until the last minute of a tile is in the history."""


def load(folder: str) -> tuple[Objective, ...]:
    """The objectives that *folder* describes; none if it is not set. It blocks.

    Raises:
        ConfigError: anything in it is wrong.
    """
    if not folder:
        return ()
    from slo.openslo.folder import Folder  # noqa: PLC0415 - a megabyte that only they need
    from slo.openslo.objectives import objectives  # noqa: PLC0415

    return objectives(Folder.load(Path(folder)))


class Objectives:
    """The objectives, and how they stood when somebody last looked.

    Args:
        clock: seconds since 1970.
    """

    def __init__(
        self, history: History, clock: Callable[[], float], objectives: tuple[Objective, ...] = ()
    ) -> None:
        self._history = history
        self._counting = RememberedCounting(EmbeddedCounting(history))
        self._clock = clock
        self._objectives = objectives
        self._known = PENDING
        self._asking: asyncio.Task[Standing] | None = None
        self._forgetting: asyncio.TimerHandle | None = None

    def configure(self, objectives: tuple[Objective, ...]) -> None:
        """From now on it is about *objectives*."""
        self._objectives = objectives
        self._known = PENDING
        self._asking = None
        self._counting = RememberedCounting(EmbeddedCounting(self._history))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._objectives)

    def latest(self) -> Standing:
        """What is known now, without waiting; what is newer is asked for meanwhile."""
        if self._known.at < self._end():
            self._ask()
        return self._known

    async def standing(self) -> Standing:
        """How they stood at the end of the newest tile.

        Raises:
            HistoryError: the history cannot be read.
        """
        if self._known.at < self._end():
            return await asyncio.shield(self._ask())
        return self._known

    def _end(self) -> float:
        return (self._clock() - _LATE) // TILE * TILE

    def _ask(self) -> "asyncio.Task[Standing]":
        """One thread answers all who ask meanwhile."""
        if self._asking is None:
            self._asking = asyncio.create_task(
                asyncio.to_thread(of_history, self._objectives, self._end(), self._counting)
            )
            self._asking.add_done_callback(self._answered)
        return self._asking

    def _answered(self, task: "asyncio.Task[Standing]") -> None:
        if task is not self._asking:  # others were configured meanwhile
            return
        self._asking = None
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, HistoryError):
            logger.error("objectives.failed", extra={"error": str(error)})
        elif error is None:
            self._known = task.result()
            self._remember()

    def _remember(self) -> None:
        if self._forgetting:
            self._forgetting.cancel()
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(_FORGET, self._forget)

    def _forget(self) -> None:
        if self._asking is None:  # else somebody looks, and it is due again after that
            self._counting.forget()
