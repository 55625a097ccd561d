"""One probe child as a process: what it prints, bounded, and when it ends. Nothing here ends it on its own accord.

asyncio's own subprocesses are killed when nobody holds them any more; a child that is killed in the middle of a kernel has
wedged real GPUs, so this one is told to end and otherwise left alone.
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Protocol

from probes.active.answer import LONGEST

_CHUNK = 64 * 1024
_LAST_WORDS = 2000
"""Bytes kept of what it writes to standard error."""
_DRAIN = 1.0
"""Seconds that the pipes may stay open after the end: whoever else holds them is not waited for."""


class Process(Protocol):
    """A child that was started.

    Attributes:
        ended: its exit status, when it has ended and all it printed was read.
        flooded: set when it printed more than it may; the rest is not read.
    """

    pid: int
    ended: "asyncio.Future[int]"
    flooded: asyncio.Event

    def printed(self) -> bytes: ...
    def last_words(self) -> str: ...
    def send_signal(self, number: int) -> None: ...


Spawn = Callable[[bytes], Process]
"""Starts a child that reads these bytes; raises OSError if it cannot."""


class Child:
    """A child of ours: `python -P -m MODULE` with *order* as its standard input. Implements `Process`.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, module: str, order: bytes, longest: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self.flooded = asyncio.Event()
        self._out = bytearray()
        self._err = bytearray()
        self._longest = longest
        # A session of its own: Ctrl-C in a terminal must not interrupt a kernel.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._open: set[IO[bytes]] = set()
        self._read(self._process.stdout, self._hear)
        self._read(self._process.stderr, self._overhear)
        self._tell(order)
        threading.Thread(target=self._wait, name=f"probe-{self.pid}", daemon=True).start()

    def printed(self) -> bytes:
        return bytes(self._out)

    def last_words(self) -> str:
        return self._err.decode(errors="replace").strip()

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)  # does nothing once it has ended

    def _tell(self, order: bytes) -> None:
        """An order is shorter than any pipe, so that nothing waits here."""
        pipe = self._process.stdin
        if pipe is None:
            return
        try:
            with pipe:
                pipe.write(order)
        except BrokenPipeError:
            pass  # it is gone already, which its end will tell

    def _wait(self) -> None:
        status = self._process.wait()
        try:
            self._loop.call_soon_threadsafe(self._gone, status)
        except RuntimeError:
            return  # the loop has ended: nobody wants to know

    def _gone(self, status: int) -> None:
        if self._open:
            self._loop.call_later(_DRAIN, self._finish, status)
        self._status = status
        self._finish_if_silent()

    _status: int | None = None

    def _finish_if_silent(self) -> None:
        if self._status is not None and not self._open:
            self._finish(self._status)

    def _finish(self, status: int) -> None:
        for pipe in tuple(self._open):
            self._close(pipe)
        if not self.ended.done():
            self.ended.set_result(status)

    # -- pipes ---------------------------------------------------------------------------------------------------------

    def _read(self, pipe: IO[bytes] | None, take: Callable[[bytes], None]) -> None:
        if pipe is None:
            return
        os.set_blocking(pipe.fileno(), False)
        self._open.add(pipe)
        self._loop.add_reader(pipe.fileno(), self._readable, pipe, take)

    def _readable(self, pipe: IO[bytes], take: Callable[[bytes], None]) -> None:
        try:
            data = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return
        if data:
            take(data)
        else:
            self._close(pipe)
            self._finish_if_silent()

    def _close(self, pipe: IO[bytes]) -> None:
        if pipe in self._open:
            self._open.discard(pipe)
            self._loop.remove_reader(pipe.fileno())
            pipe.close()

    def _hear(self, data: bytes) -> None:
        self._out += data
        if len(self._out) > self._longest and self._process.stdout is not None:
            self._close(self._process.stdout)
            self.flooded.set()

    def _overhear(self, data: bytes) -> None:
        self._err = (self._err + data)[-_LAST_WORDS:]


def start(module: str, order: bytes) -> Process:
    """A child of *module* that reads *order*.

    Raises:
        OSError: it cannot be started.
    """
    return Child(module, order, LONGEST)
