"""A whole exporter in this process, behind its door, with one simulated GPU and a past: bytes in, bytes out."""

import asyncio
import atexit
import socket
import tempfile
from functools import cache

from aiohttp import web

from catalog.event import Event, EventKind, Severity
from exporter.application import application
from exporter.config import Config
from exporter.page.recent import Recent
from exporter.service import Service
from exporter.web.door.handler import Handler
from tests.fuzz.machine import NOW, messages

_MOST = 1 << 20


class Failed(AssertionError):
    """The exporter answered 5xx, which is a mistake of ours."""


class Exporter:
    """Answers one connection after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="gpuvitals-fuzz-")
        self._runner = self._loop.run_until_complete(self._start())
        atexit.register(self._close)

    def answer(self, request: bytes, patience: float) -> bytes:
        """What comes back for *request* until the connection ends, or until nothing came for *patience* seconds.

        Raises:
            Failed: it is a 5xx.
        """
        answer = self._loop.run_until_complete(self._exchange(request, patience))
        for line in answer.split(b"\r\n"):
            if line.startswith((b"HTTP/1.0 5", b"HTTP/1.1 5")):
                raise Failed(line.decode())
        return answer

    async def _start(self) -> web.AppRunner:
        config = Config(
            source="sim", node="fuzz", state_dir=self._folder.name, allow_fault_injection=True
        )
        service = Service(config, lambda: NOW, Recent())
        _remember(service)
        self._doorway = service.doorway
        runner = web.AppRunner(application(service, config, lambda: NOW))
        await runner.setup()
        return runner

    def _handler(self) -> Handler:
        assert self._runner.server is not None
        return Handler(self._runner.server, self._doorway.record, lambda _response: None)

    async def _exchange(self, request: bytes, patience: float) -> bytes:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        transport, _ = await self._loop.connect_accepted_socket(self._handler, theirs)
        answer = bytearray()
        with ours:
            try:
                await self._loop.sock_sendall(ours, request)
                while len(answer) < _MOST:
                    async with asyncio.timeout(patience):
                        part = await self._loop.sock_recv(ours, 65536)
                    if not part:
                        break
                    answer += part
            except (TimeoutError, ConnectionError):
                pass
            finally:
                transport.abort()
                await asyncio.sleep(0)
        return bytes(answer)

    def _close(self) -> None:
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()
        self._folder.cleanup()


def _remember(service: Service) -> None:
    """Five minutes of readings, and some events."""
    for second in range(-300, 1, 10):
        for message in messages(NOW + second):
            service.intake.hear(message)
    event = Event(
        at=NOW - 9, kind=EventKind.XID, severity=Severity.CRITICAL, message="Xid 79", code=79
    )
    service.store._commit(service.store.rollup.flush(NOW), [event] * 5, service.totals(), {})


@cache
def exporter() -> Exporter:
    """The one of this process."""
    return Exporter()
