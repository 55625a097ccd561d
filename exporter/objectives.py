"""How this node's objectives stand: asked of its own history in a thread, when somebody looks, at most once per tile."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from catalog.errors import HistoryError
from history.question import History
from slo.objective import TILE, Objective
from slo.statuses import Standing, of_history

logger = logging.getLogger(__name__)

PENDING = Standing(at=0.0, objectives=())
"""Stands for what is not known yet."""
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
        self._clock = clock
        self._objectives = objectives
        self._known = PENDING
        self._asking: asyncio.Task[Standing] | None = None

    def configure(self, objectives: tuple[Objective, ...]) -> None:
        """From now on it is about *objectives*."""
        self._objectives = objectives
        self._known = PENDING
        self._asking = None

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
                asyncio.to_thread(of_history, self._objectives, self._end(), self._history)
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
