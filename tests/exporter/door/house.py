"""A small application behind a real door, with certificates of an authority of the test's own."""

import asyncio
import base64
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import bcrypt
import trustme
from aiohttp import web

from catalog.metrics import exporter
from exporter.audit import FILE, Audit
from exporter.exposition import Format
from exporter.listen import bind
from exporter.prometheus import Instruments
from exporter.web import errors, health
from exporter.web.door.doorway import Doorway, doorway
from exporter.web.door.guard import Guard
from exporter.web.door.limits import Limits
from exporter.web.door.serving import serve

REFUSED = (ssl.SSLError, ConnectionError)
"""What a client sees whose connection is not wanted."""
NOW = 1_800_000_000.0
PASSWORD = "correct horse"  # noqa: S105 - of a user who lives for a test


def hashed(password: str) -> str:
    """A bcrypt hash, at the least cost."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def basic(user: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority whose files lie in *folder*."""

    folder: Path
    ca: trustme.CA

    def server(self) -> None:
        """A new certificate and key in server.pem and server.key."""
        issued = self.ca.issue_cert("127.0.0.1")
        self.ca.cert_pem.write_to_path(self.folder / "ca.pem")
        issued.private_key_pem.write_to_path(self.folder / "server.key")
        (self.folder / "server.pem").write_bytes(
            b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        )

    def client(self, *names: str, ca: trustme.CA | None = None) -> ssl.SSLContext:
        """What a client trusts, and the certificate that it shows if it is to have *names*."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if names:
            (ca or self.ca).issue_cert(*names, common_name=names[0]).configure_cert(context)
        return context


class House:
    """What a test sees of the application and its door."""

    def __init__(
        self,
        folder: Path,
        doors: Doorway,
        instruments: Instruments,
        runner: web.AppRunner,
        port: int,
    ) -> None:
        self.folder = folder
        self._runner = runner
        self.doorway = doors
        self.port = port
        self._instruments = instruments

    async def get(
        self,
        path: str = "/",
        *,
        tls: ssl.SSLContext | None = None,
        user: str = "",
        password: str = PASSWORD,
    ) -> tuple[int, str]:
        """Status and body, over a connection of its own."""
        headers = {"Authorization": basic(user, password)} if user else {}
        return await asyncio.to_thread(self._get, path, tls, headers)

    def _get(
        self, path: str, tls: ssl.SSLContext | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        connection = (
            HTTPSConnection("127.0.0.1", self.port, context=tls)
            if tls
            else HTTPConnection("127.0.0.1", self.port)
        )
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def connections(self) -> int:
        """How many are open."""
        assert self._runner.server is not None
        return len(self._runner.server.connections)

    def denied(self, reason: str) -> float:
        """How often somebody was turned away for *reason*."""
        return self._count(f'{exporter.REQUESTS_DENIED.name}{{reason="{reason}"}}')

    def reloads(self, outcome: str) -> float:
        return self._count(f'{exporter.WEB_CONFIG_RELOADS.name}{{outcome="{outcome}"}}')

    def audit(self) -> list[dict[str, str]]:
        """The lines of the audit log."""
        file = self.folder / FILE
        return (
            [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        )

    def _count(self, series: str) -> float:
        lines = self._instruments.render(Format.TEXT).splitlines()
        (found,) = [line for line in lines if line.startswith(series)]
        return float(found.removeprefix(series))


async def _index(_request: web.Request) -> web.Response:
    return web.Response(text="come in")


async def _large(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(64 * 1024 * 1024))


async def _mistake(_request: web.Request) -> web.Response:
    return web.Response(text=str(1 / 0))


async def _echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


@contextlib.asynccontextmanager
async def house(
    folder: Path, web_config: str = "", limits: Limits | None = None
) -> AsyncIterator[House]:
    """A house whose web configuration is the text *web_config*."""
    file = folder / "web.yml"
    file.write_text(web_config)
    instruments = Instruments()
    doors = doorway(file, instruments, Audit(folder, lambda: NOW), limits)
    app = web.Application(middlewares=[errors.as_json], client_max_size=100)
    app.add_routes(
        [
            web.get("/", _index),
            web.get("/large", _large),
            web.get("/mistake", _mistake),
            web.post("/", _echo),
            web.get("/healthz", health.healthz),
        ]
    )
    Guard(doors).stand_before(app)
    with contextlib.closing(bind("127.0.0.1:0")) as listener:
        runner = await serve(app, listener, doors, grace=0.1)
        try:
            yield House(folder, doors, instruments, runner, listener.getsockname()[1])
        finally:
            await runner.cleanup()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until *holds*; a test that waits in vain ends by its own time limit."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is counted tells nobody
            await asyncio.sleep(0.01)
