"""The exporter's end of the reader child: starts it, hears it, restarts it when it dies or falls silent."""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from catalog.errors import CollectorError
from catalog.snapshot import Tier
from probes.bench_gpu import BenchGpu
from probes.messages import (
    HEADER,
    BenchNow,
    Down,
    Garbled,
    Inject,
    Past,
    ReadNow,
    Reply,
    Start,
    Stop,
    Up,
    decode_up,
    frame,
    length,
)

logger = logging.getLogger(__name__)

SILENCE = 3.0
"""Seconds without a message after which the child is taken for dead; it beats every second."""
_STOP = 1.0
_REQUEST = 5.0
_RESTARTS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each restart in a row, so that a child that dies at once does not eat the processor."""
_STEADY = 60.0
"""A child that lived so long starts the row again."""


_REOPEN = "reopen"
"""The child asks for a process that has not loaded the driver's library yet (`probes.reader`)."""
ENDS = ("silent", "killed", "crashed", "exited", "stuck", "garbled", "not_started")
"""Why children end; each is counted from 0 on."""


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class ReaderProcess:
    """Keeps one child reading.

    Args:
        start: what it is told to read.
        hear: called with each message.
        ended: called with the reason each time a child ended without being asked to.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        start: Start,
        hear: Callable[[Up], None],
        ended: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._start = start
        self._clock = clock
        self._past = Past()
        self._hear = hear
        self._ended = ended
        self._child: _Child | None = None
        self._requests: dict[int, asyncio.Future[Reply]] = {}
        self._numbers = itertools.count(1)
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._resume: asyncio.TimerHandle | None = None
        self._asked_to_end = False

    async def run(self) -> None:
        """Keep a child running until this task is cancelled."""
        failures = 0
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._may_run.wait()
                began = loop.time()
                reason = await self._live()
                if self._asked_to_end or reason == _REOPEN:
                    self._asked_to_end = False
                    continue
                self._ended(reason)
                failures = 1 if loop.time() - began > _STEADY else failures + 1
                await asyncio.sleep(_RESTARTS[min(failures, len(_RESTARTS)) - 1])
        finally:
            await self._stop()

    async def release(self, seconds: float) -> None:
        """End the child, so that nothing holds the driver, and start the next one after *seconds*."""
        self._may_run.clear()
        if self._resume:
            self._resume.cancel()
        self._resume = asyncio.get_running_loop().call_later(seconds, self._go_on)
        await self._stop()

    def _go_on(self) -> None:
        self._resume = None
        self._may_run.set()

    async def restart(self, start: Start) -> bool:
        """Read by *start* from now on, or from the end of the release that is under way; whether that is a change."""
        if start == self._start:
            return False
        if start.source != self._start.source:
            self._past = Past()
        self._start = start
        if self._may_run.is_set():
            await self._stop()
        return True

    async def reopen(self) -> None:
        """Have another child open the driver, as only a process that has not loaded its library can."""
        if self._may_run.is_set():
            await self._stop()

    async def read_now(self, uuid: str, tier: Tier) -> None:
        """Have one tier of one GPU read at once.

        Raises:
            CollectorError: the child did not do so, and why.
        """
        await self._ask(lambda request: ReadNow(request, uuid, tier))

    async def inject(self, fault: Mapping[str, object]) -> None:
        """Let a fault happen in a simulated source.

        Raises:
            CollectorError: the source refused, and why.
        """
        await self._ask(lambda request: Inject(request, fault))
        # The next child's machine must have them too, also those that are over: what they counted stays counted.
        self._past = Past(self._past.began, (*self._past.faults, (self._clock(), fault)))

    async def bench(self, uuid: str, probe: str) -> BenchGpu:
        """What a run of *probe* would find on a simulated GPU.

        Raises:
            CollectorError: the source cannot tell, and why.
        """
        found = (await self._ask(lambda request: BenchNow(request, uuid, probe))).bench
        if found is None:
            raise CollectorError("the reader did not say what a probe would find")
        return found

    async def _ask(self, message: Callable[[int], Down]) -> Reply:
        child = self._child
        if child is None:
            raise CollectorError("the reader is not running; try again in a second")
        request = next(self._numbers)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._requests[request] = answer
        try:
            child.writer.write(frame(message(request)))
            async with asyncio.timeout(_REQUEST):
                reply = await answer
        except TimeoutError:
            raise CollectorError(f"the reader did not answer within {_REQUEST:.0f} s") from None
        except (OverflowError, UnicodeEncodeError) as wrong:
            raise CollectorError(f"the request cannot be sent: {wrong}") from wrong
        finally:
            del self._requests[request]
        if reply.error:
            raise CollectorError(reply.error)
        return reply

    # -- one child ---------------------------------------------------------------------------------------------------

    async def _live(self) -> str:
        """Run one child to its end; the reason that it ended."""
        start = self._start
        if not self._past.began:
            self._past = Past(self._clock(), self._past.faults)
        try:
            self._child = child = await _spawn(replace(start, past=self._past))
        except OSError as error:
            logger.error("reader.not_started", extra={"error": str(error)})
            return "not_started"
        try:
            if not self._may_run.is_set() or start is not self._start:
                await self._stop()  # Released or restarted while it was being born.
            now = asyncio.get_running_loop().time
            async with asyncio.timeout(
                SILENCE
            ) as silence:  # wait_for can swallow our end before 3.12
                while True:
                    body = await _body(child.reader)
                    self._receive(decode_up(body))
                    silence.reschedule(now() + SILENCE)
        except TimeoutError:
            return "silent"
        except Garbled as error:
            logger.error("reader.garbled", extra={"error": str(error)})
            return "garbled"
        except (asyncio.IncompleteReadError, ConnectionError):
            return await _how(child)
        finally:
            self._child = None
            await _reap(child)

    def _receive(self, message: Up) -> None:
        if isinstance(message, Reply):
            answer = self._requests.get(message.request)
            if answer and not answer.done():
                answer.set_result(message)
        elif not self._asked_to_end:
            self._hear(message)

    async def _stop(self) -> None:
        child = self._child
        if child is None:
            return
        self._asked_to_end = True
        with contextlib.suppress(ConnectionError):
            child.writer.write(frame(Stop()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP):
                await child.process.wait()
        await _reap(child)


async def _spawn(start: Start) -> _Child:
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # else what lies in the current folder could stand in for our modules
                "-m",
                "probes.reader",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        except BaseException:
            writer.close()
            raise
    writer.write(frame(start))
    return _Child(process, reader, writer)


async def _body(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(HEADER.size)
    return await reader.readexactly(length(header))


async def _reap(child: _Child) -> None:
    """Make sure that the child ends; one in uninterruptible sleep is left behind, since nobody can end it."""
    child.writer.close()
    if child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP):
                await child.process.wait()


async def _how(child: _Child) -> str:
    """How *child* ended, whose socket is closed; one in uninterruptible sleep does not, and is left behind."""
    try:
        async with asyncio.timeout(_STOP):
            code = await child.process.wait()
    except TimeoutError:
        return "stuck"
    if code == os.EX_TEMPFAIL:
        return _REOPEN
    if code == -signal.SIGKILL:
        return "killed"
    return "crashed" if code < 0 else "exited"
