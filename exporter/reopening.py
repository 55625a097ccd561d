"""When another reader is worth a try: a GPU that was reset may show only to a process that opens the driver anew."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from catalog.snapshot import Snapshot

logger = logging.getLogger(__name__)

WAITS = (60.0, 120.0, 240.0, 480.0, 900.0)
"""Seconds to each try in a row. Each costs the GPUs that are well a second, so it is one a minute at most."""
_LOOK = 5.0


class Reopening:
    """Counts the tries for the GPUs that are lost now; when others are, the row begins again."""

    def __init__(self) -> None:
        self._lost: frozenset[str] = frozenset()
        self._tries = 0
        self._next = 0.0

    def due(self, snapshot: Snapshot, unopened: int, now: float) -> bool:
        """Whether to try now.

        Args:
            snapshot: what is known.
            unopened: how many GPUs the driver counts that could not be opened.
            now: seconds that never jump.
        """
        states = {uuid: view.state for uuid, view in snapshot.gpus.items()}
        lost = {uuid for uuid, state in states.items() if state == "lost"}
        lost |= {f"unopened-{number}" for number in range(unopened)}
        if lost != self._lost:
            self._lost = frozenset(lost)
            self._tries = 0
            self._next = now + WAITS[0]
        # While a GPU hangs another process would hang too, and know less than this one.
        if not lost or now < self._next or {"hung", "unknown"} & set(states.values()):
            return False
        self._tries += 1
        self._next = now + WAITS[min(self._tries, len(WAITS) - 1)]
        return True


async def watch(
    state: Callable[[], tuple[Snapshot, int]], reopen: Callable[[], Awaitable[None]]
) -> None:
    """Let *reopen* happen whenever it is worth a try, until this task is cancelled."""
    reopening = Reopening()
    while True:
        await asyncio.sleep(_LOOK)
        if reopening.due(*state(), time.monotonic()):
            logger.info("reader.reopened")
            await reopen()
