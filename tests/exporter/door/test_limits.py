"""Clients that are too many, too slow, or say too much; the others are served meanwhile."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.web.door.limits import Limits
from tests.exporter.door.house import PASSWORD, Authority, hashed, house, until

SOON = Limits(request=0.05, handshake=0.05)
NEVER = Limits(connections=3, request=600, handshake=600)


@contextlib.asynccontextmanager
async def connection(
    port: int, sent: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that says *sent*, and then nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What is said until the other side hangs up."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_slow_headers_are_cut(tmp_path: Path, sent: bytes) -> None:
    """A request that does not come is not waited for; whoever comes in time is served meanwhile."""
    async with house(tmp_path, limits=SOON) as served, connection(served.port, sent) as (slow, _):
        assert (await served.get())[0] == 200

        assert await ended(slow) == b""
        assert served.denied("slow") == 1
        assert served.audit()[-1]["at"] == "headers"


async def test_slow_handshakes_are_cut(tmp_path: Path, authority: Authority) -> None:
    """Nor is a handshake."""
    config = "tls_server_config: {cert_file: server.pem, key_file: server.key}"
    async with house(tmp_path, config, SOON) as served, connection(served.port) as (slow, _):
        assert await ended(slow) == b""
        await until(lambda: served.denied("slow") == 1)

        assert (await served.get(tls=authority.client()))[0] == 200


async def test_slow_bodies_are_cut(tmp_path: Path) -> None:
    """A body that does not come gets 408."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n12"
    async with house(tmp_path, limits=SOON) as served, connection(served.port, head) as (slow, _):
        answer = await slow.readline()

        assert answer == b"HTTP/1.1 408 Request Timeout\r\n"
        assert served.audit()[-1]["at"] == "body"


async def test_served_connections_are_not_cut(tmp_path: Path) -> None:
    """The deadline is for the first request; after it the connection may be idle."""
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with (
        house(tmp_path, limits=SOON) as served,
        connection(served.port, request) as (reader, writer),
        connection(served.port) as (slow, _),
    ):
        await reader.readuntil(b"come in")
        await ended(slow)  # our deadline would have passed, too
        writer.write(request)

        assert (await reader.readuntil(b"come in")).startswith(b"HTTP/1.1 200")


async def test_unauthenticated_bodies_are_not_waited_for(tmp_path: Path) -> None:
    """Whoever may not come in need not say what he wants."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    users = f"basic_auth_users: {{prometheus: '{hashed(PASSWORD)}'}}"
    async with (
        house(tmp_path, users, NEVER) as served,
        connection(served.port, head) as (reader, _),
    ):
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Many: x\r\n" * 100 + b"\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["line", "field", "fields", "nonsense"],
)
async def test_large_or_broken_headers_get_400(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    """They are a denied request, and no traceback in our log."""
    caplog.set_level(logging.INFO)
    async with house(tmp_path) as served, connection(served.port, sent) as (reader, _):
        assert b" 400 " in await reader.readline()

        assert served.denied("malformed") == 1
        assert "Traceback" not in caplog.text


async def test_large_bodies_get_413(tmp_path: Path) -> None:
    """More than the application takes is not read."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + b"x" * 101
    async with house(tmp_path) as served, connection(served.port, head) as (reader, _):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")


async def test_connections_are_limited(tmp_path: Path) -> None:
    """One more gets 503; as soon as one leaves there is room again."""
    async with house(tmp_path, limits=NEVER) as served, contextlib.AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(connection(served.port)) for _ in range(3)]
        assert (await served.get())[0] == 503
        assert served.denied("connections") == 1

        idle[0][1].close()
        assert await eventually_served(served.port)


@pytest.mark.usefixtures("authority")
async def test_unfinished_handshakes_count(tmp_path: Path) -> None:
    """A connection that never shakes hands takes up room, too; there one more is refused without a word."""
    config = "tls_server_config: {cert_file: server.pem, key_file: server.key}"
    async with house(tmp_path, config, NEVER) as served, contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(connection(served.port))
        async with connection(served.port) as (reader, _):
            assert await ended(reader) == b""

        assert served.denied("connections") == 1


async def eventually_served(port: int) -> bool:
    """Whether a request is answered, at some time."""
    async with asyncio.timeout(30):
        while True:
            async with connection(port, b"GET / HTTP/1.0\r\n\r\n") as (reader, _):
                if b" 200 OK" in await ended(reader):
                    return True


async def test_answers_that_are_not_read_are_given_up(tmp_path: Path) -> None:
    """A client that asks for much and reads nothing does not keep its connection."""
    request = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with house(tmp_path, limits=Limits(stall=0.2)) as served:
            deaf.connect(("127.0.0.1", served.port))
            deaf.send(request)
            await until(lambda: served.connections() == 1)

            await until(lambda: served.connections() == 0)
