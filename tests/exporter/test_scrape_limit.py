"""The limit on scrapes counts clients that do not take their answer, not connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from exporter.fleet.node import FleetNode
from exporter.standing_clock import StandingClock
from exporter.web.errors import as_json
from probes.sim.scenario import DEFAULT

START = 1_795_472_504.0
MOST = 2
MOMENT = 0.1
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n"
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Server:
    """An exporter for which the kernel buffers next to nothing, and its clients."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._clients: list[Client] = []

    async def ask(self) -> Client:
        """A client that has asked and takes only a little of the answer until it is read."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, self._address)
        client = await asyncio.open_connection(sock=connection, limit=1024)
        self._clients.append(client)
        client[1].write(REQUEST)
        return client

    def hang_up(self) -> None:
        """Let all clients go."""
        for _, writer in self._clients:
            writer.transport.abort()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """A server that serves two scrapes at once."""
    node = FleetNode(DEFAULT, START, StandingClock(START))
    node.scrapes.configure(MOST, ())
    app = web.Application(middlewares=[as_json])
    app.router.add_get("/metrics", node.scrapes.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    await web.SockSite(runner, listener).start()
    server = Server(listener.getsockname())
    yield server
    server.hang_up()
    await runner.cleanup()


async def begun(client: Client) -> int:
    """The status, as soon as the answer begins."""
    return int((await client[0].readline()).split()[1])


async def rest(client: Client) -> bytes:
    """The body of an answer that has begun, read to its end; the server then has a moment to see that it is out."""
    reader, _ = client
    length = 0
    while (line := await reader.readline()) != b"\r\n":
        if line.startswith(b"Content-Length:"):
            length = int(line.split()[1])
    body = await reader.readexactly(length)
    await asyncio.sleep(MOMENT)
    return body


async def test_a_client_that_does_not_read_is_under_way() -> None:
    """While two wait for a slow client, the third is refused; when one has read, there is room again."""
    async with serving() as server:
        slow = [await server.ask() for _ in range(MOST)]
        assert [await begun(client) for client in slow] == [200] * MOST

        refused = await server.ask()
        assert await begun(refused) == 503
        assert b"2 scrapes are under way already" in await rest(refused)
        await rest(slow[0])
        assert await begun(await server.ask()) == 200


async def test_open_connections_are_not_under_way() -> None:
    """Any number of connections may stay open and ask again, as long as they read."""
    async with serving() as server:
        for _ in range(2 * MOST):
            client = await server.ask()

            assert await begun(client) == 200
            await rest(client)
            client[1].write(REQUEST)
            assert await begun(client) == 200
            await rest(client)


async def test_a_client_that_leaves_makes_room(caplog: pytest.LogCaptureFixture) -> None:
    """A scrape whose client hung up is over, and is nobody's error."""
    async with serving() as server:
        for client in [await server.ask() for _ in range(MOST)]:
            await begun(client)
        server.hang_up()
        await asyncio.sleep(MOMENT)

        assert await begun(await server.ask()) == 200
    assert not caplog.records
