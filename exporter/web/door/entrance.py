"""Takes connections: counts them, encrypts them, and hands them to aiohttp.

asyncio's own TLS server would not do: it has one context for all connections, and no count of unfinished handshakes.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import cast

from aiohttp import web

from exporter.web.door import headers, peer, tls
from exporter.web.door.doorway import Doorway
from exporter.web.door.handler import Handler
from exporter.web.door.lock import Lock
from exporter.web.door.record import Denial, caller

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
    b"Content-Length: 0\r\n\r\n"
)


class Entrance(web.BaseSite):
    """Where connections arrive: in place of `web.SockSite`."""

    def __init__(self, runner: web.AppRunner, listener: socket.socket, doorway: Doorway) -> None:
        """*runner* is set up already."""
        super().__init__(runner)
        self._listener = listener
        self._door = doorway.door
        self._limits = doorway.limits
        self._record = doorway.record
        self._deadlines = doorway.deadlines
        self._handshakes: set[asyncio.Task[None]] = set()
        self._handlers = cast("web.Server", runner.server)

    @property
    def name(self) -> str:
        return str(self._listener.getsockname())

    async def start(self) -> None:
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Arrival(self._arrived),
            sock=self._listener,
            backlog=self._limits.connections,
        )

    async def stop(self) -> None:
        for handshake in self._handshakes:
            handshake.cancel()
        await super().stop()

    def _arrived(self, transport: asyncio.Transport) -> None:
        present = len(self._handshakes) + len(self._handlers.connections)
        lock = self._door.look()
        if present >= self._limits.connections:
            self._refuse(transport, Denial.CONNECTIONS, b"" if lock.context else _FULL)
        elif lock.context:
            task = asyncio.ensure_future(self._encrypt(transport, lock, lock.context))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)
        else:
            self._admit(transport)

    async def _encrypt(
        self, transport: asyncio.Transport, lock: Lock, context: ssl.SSLContext
    ) -> None:
        early = _Early()
        try:
            secure = await asyncio.get_running_loop().start_tls(
                transport,
                early,
                context,
                server_side=True,
                ssl_handshake_timeout=self._limits.handshake,
            )
        except ssl.SSLError as error:
            self._record.denied(Denial.HANDSHAKE, caller(transport), error=tls.reason(error))
        except ConnectionAbortedError:  # asyncio's word for a handshake that takes too long
            self._record.denied(Denial.SLOW, caller(transport), at="handshake")
        except OSError:
            pass  # It hung up, as health checks of load balancers do.
        else:
            if secure is not None and early.connected:
                self._let_in(secure, lock, early)

    def _let_in(self, secure: asyncio.Transport, lock: Lock, early: "_Early") -> None:
        wanted = lock.config.tls.client_names if lock.config.tls else frozenset()
        if wanted and wanted.isdisjoint(peer.names(secure)):
            self._refuse(secure, Denial.CERTIFICATE_NAME)
            return
        handler = self._admit(secure)
        if early.received:
            handler.data_received(bytes(early.received))

    def _refuse(self, transport: asyncio.Transport, reason: Denial, answer: bytes = b"") -> None:
        self._record.denied(reason, caller(transport))
        transport.write(answer)
        transport.close()

    def _dress(self, response: web.StreamResponse) -> None:
        headers.dress(response, self._door.look().config.headers)

    def _admit(self, transport: asyncio.Transport) -> web.RequestHandler:
        connection = transport.get_extra_info("socket")
        # Unanswered data, and a window that stays shut, end the connection: tcp(7).
        connection.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._limits.stall * 1000)
        )
        handler = Handler(self._handlers, self._record, self._dress)
        transport.set_protocol(handler)
        handler.connection_made(transport)
        self._deadlines.start(handler)
        return handler


class _Arrival(asyncio.Protocol):
    """A connection, for the instant until we know what becomes of it."""

    def __init__(self, arrived: Callable[[asyncio.Transport], None]) -> None:
        self._arrived = arrived

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._arrived(cast("asyncio.Transport", transport))


class _Early(asyncio.Protocol):
    """Keeps what a client sends between its handshake and the handler that will read it."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.connected = True

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, _error: Exception | None) -> None:
        self.connected = False
