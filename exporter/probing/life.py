"""The life of one probe child: started, given until its deadline, told to end, ended, and if even that fails, left behind."""

import asyncio
import os
import signal
from dataclasses import dataclass
from enum import StrEnum

from exporter.probing.process import Process, Spawn

KILL = 10.0
"""Seconds from SIGTERM to SIGKILL: a kernel takes milliseconds, and killing in the middle of one has wedged real GPUs."""
_PATIENCE = 2.0
"""Seconds after SIGKILL in which a process ends unless it sleeps uninterruptibly in the driver."""


class End(StrEnum):
    """How a child ended."""

    ANSWERED = "answered"  # by itself, with status 0
    EXITED = "exited"  # by itself, with another status
    CRASHED = "crashed"  # by a signal that we did not send
    TIMEOUT = "timeout"
    FLOODED = "flooded"  # it printed more than it may
    STOPPED = "stopped"  # we wanted it to end
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a child.

    Attributes:
        left: the process, if it could not be ended.
    """

    end: End
    printed: bytes = b""
    words: str = ""
    seconds: float = 0.0
    left: Process | None = None


async def live(
    spawn: Spawn, order: bytes, deadline: float, stop: asyncio.Event, kill: float = KILL
) -> Ended:
    """Run one child to its end, or until it is *left* behind.

    Args:
        spawn: starts it.
        order: what it reads.
        deadline: seconds that it may take.
        stop: set when it must end at once.
        kill: seconds from SIGTERM to SIGKILL.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        process = spawn(order)
    except OSError as error:
        return Ended(end=End.NOT_STARTED, words=str(error))
    end = await _first(process, deadline, stop)
    gone = process.ended.done() or await _end(process, kill)
    return Ended(
        end=end,
        printed=process.printed(),
        words=process.last_words(),
        seconds=loop.time() - began,
        left=None if gone else process,
    )


async def _first(process: Process, deadline: float, stop: asyncio.Event) -> End:
    """What happens first: it ends, it floods, it is to stop, its time is over."""
    flooded = asyncio.ensure_future(process.flooded.wait())
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait(
            (process.ended, flooded, stopped),
            timeout=deadline,
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        for each in (flooded, stopped):
            each.cancel()
    if process.flooded.is_set():
        return End.FLOODED
    if process.ended.done():
        return _how(process.ended.result())
    return End.STOPPED if stop.is_set() else End.TIMEOUT


def _how(status: int) -> End:
    if status == os.EX_OK:
        return End.ANSWERED
    return End.CRASHED if status < 0 else End.EXITED


async def _end(process: Process, kill: float) -> bool:
    """Tell it to end, then make it; whether it did."""
    for number, seconds in ((signal.SIGTERM, kill), (signal.SIGKILL, _PATIENCE)):
        process.send_signal(number)
        await asyncio.wait((process.ended,), timeout=seconds)
        if process.ended.done():
            return True
    return False
