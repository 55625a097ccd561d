"""Sending: to a real Alertmanager behind TLS and a password, through one that is away, and what is counted."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.alertmanager.config import render
from alerts.alertmanager.settings import Settings as Who
from catalog.metrics import alerting
from exporter.alerting.client import Client
from exporter.alerting.conditions import Alert
from exporter.alerting.outbox import Outbox
from exporter.alerting.settings import Settings, settings
from exporter.config import Config
from exporter.exposition import Format
from exporter.prometheus import Instruments
from tests.exporter.server import PATIENCE, Metrics, eventually
from tests.gate import gate
from tests.servers import free_port

pytestmark = pytest.mark.tools

NOW = time.time()
LATER = NOW + 86_400
"""Long after the whole suite is done."""
USER, PASSWORD = "gpuvitals", "secret of a test"


def alert(name: str, **labels: str) -> Alert:
    pairs = {"alertname": name, **labels}
    return Alert(
        labels=frozenset(pairs.items()),
        identity=tuple(pairs),
        annotations={"summary": "It is bad."},
        since=NOW,
    )


def counted(instruments: Instruments, name: str, **labels: str) -> float:
    return Metrics(instruments.render(Format.TEXT)).total(name, **labels)


def failures(instruments: Instruments, reason: str) -> float:
    return counted(instruments, alerting.SEND_FAILURES.name, reason=reason)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


@pytest.fixture(scope="module")
def secured(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of an Alertmanager with TLS and a user, and the file of its authority."""
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    identity = authority.issue_cert("localhost", "127.0.0.1")
    identity.private_key_pem.write_to_path(folder / "key.pem")
    identity.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    (folder / "password").write_text(f"{PASSWORD}\n")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web = {
        "tls_server_config": {"cert_file": "cert.pem", "key_file": "key.pem"},
        "basic_auth_users": {USER: hashed},
    }
    (folder / "web.yml").write_text(json.dumps(web))
    (folder / "alertmanager.yml").write_text(render((), Who(), "a test"))
    port = free_port()
    command: list[str | Path] = [
        tool("alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.config.file={folder / 'web.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as process:
        eventually(lambda: answers(port))
        yield f"https://localhost:{port}", folder
        process.terminate()


def answers(port: int) -> bool:
    """Whether somebody listens at *port*."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionError:
        return False
    return True


def configured(url: str, folder: Path, **changes: str) -> Settings:
    """What the operator would write for it."""
    given = {
        "alertmanager_user": USER,
        "alertmanager_password_file": str(folder / "password"),
        "alertmanager_ca": str(folder / "ca.pem"),
        **changes,
    }
    return settings(Config(alertmanager_urls=(url,), **given))  # type: ignore[arg-type] # all are texts


async def test_it_goes_through_tls_with_a_password(
    secured: tuple[str, Path], session: aiohttp.ClientSession
) -> None:
    """And it can be read back, by what asks for it alone."""
    instruments = Instruments()
    outbox = Outbox(Client(secured[0], configured(*secured), session), instruments, lambda: NOW)

    outbox.put((alert("A", uuid="GPU-1"), alert("B", uuid="GPU-2")), LATER)
    await outbox.send()

    assert counted(instruments, alerting.SENT.name) == 2
    held = await outbox.client.held(('alertname=~"A|C"',))
    assert held == [alert("A", uuid="GPU-1").labels]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alertmanager_ca": ""}, "tls"),
        ({"alertmanager_user": "nobody"}, "denied"),
    ],
)
async def test_why_it_is_not_taken_is_counted(
    secured: tuple[str, Path],
    session: aiohttp.ClientSession,
    changes: dict[str, str],
    reason: str,
) -> None:
    """A wrong authority, a wrong user."""
    instruments = Instruments()
    url, folder = secured
    client = Client(url, configured(url, folder, **changes), session)
    outbox = Outbox(client, instruments, lambda: NOW)

    outbox.put((alert("A"),), LATER)
    await outbox.send()

    assert failures(instruments, reason) == 1


async def test_a_password_that_is_gone_is_counted(
    secured: tuple[str, Path], session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """It is read each time, since it may change, and so may fail each time."""
    file = tmp_path / "password"
    file.write_text("x")
    known = configured(*secured, alertmanager_password_file=str(file))
    file.unlink()
    instruments = Instruments()
    outbox = Outbox(Client(secured[0], known, session), instruments, lambda: NOW)

    outbox.put((alert("A"),), LATER)
    await outbox.send()

    assert failures(instruments, "credentials") == 1


async def test_what_is_not_understood_is_not_tried_again(
    secured: tuple[str, Path], session: aiohttp.ClientSession
) -> None:
    """An alert without labels is none; it would be refused for ever."""
    instruments = Instruments()
    outbox = Outbox(Client(secured[0], configured(*secured), session), instruments, lambda: NOW)
    nothing = Alert(labels=frozenset(), identity=(), annotations={}, since=NOW)

    outbox.put((nothing,), LATER)
    await outbox.send()
    await outbox.send()

    assert failures(instruments, "rejected") == 1


async def test_it_is_tried_again_until_it_is_taken(
    secured: tuple[str, Path], session: aiohttp.ClientSession
) -> None:
    """An Alertmanager that is away for a while hears of what still holds."""
    url, folder = secured
    port = int(url.rpartition(":")[2])
    with gate(port, is_open=False) as door:
        through = door.url.replace("http://127.0.0.1", "https://localhost")
        instruments = Instruments()
        client = Client(through, configured(through, folder), session)
        outbox = Outbox(client, instruments, lambda: NOW)
        running = asyncio.create_task(outbox.run())

        outbox.put((alert("Late", uuid="GPU-9"),), LATER)
        await until(lambda: failures(instruments, "connect") >= 2)
        door.open()
        await until(lambda: counted(instruments, alerting.SENT.name) == 1)

        running.cancel()
        assert [dict(one)["uuid"] for one in await client.held(('alertname="Late"',))] == ["GPU-9"]


async def test_what_would_have_lapsed_is_dropped(session: aiohttp.ClientSession) -> None:
    """Nobody is woken for what is long over."""
    instruments, url = Instruments(), f"http://127.0.0.1:{free_port()}"
    now = NOW
    outbox = Outbox(Client(url, Settings(urls=(url,)), session), instruments, lambda: now)

    outbox.put((alert("A"),), LATER)
    await outbox.send()
    now = LATER + 1
    await outbox.send()

    assert failures(instruments, "connect") == 1


async def test_what_waits_is_bounded(session: aiohttp.ClientSession) -> None:
    """The oldest make room, and that is counted; a newer word on the same alert takes no room."""
    instruments, url = Instruments(), f"http://127.0.0.1:{free_port()}"
    outbox = Outbox(Client(url, Settings(urls=(url,)), session), instruments, lambda: NOW)

    for _ in range(2):
        outbox.put([alert("A", uuid=str(number)) for number in range(1000)], LATER)
    assert failures(instruments, "overflow") == 0
    outbox.put([alert("A", uuid="more")], LATER)

    assert failures(instruments, "overflow") == 1


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not look():  # noqa: ASYNC110 - a counter wakes nobody
            await asyncio.sleep(0.05)


async def test_a_token_is_read_each_time(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Tokens change while we run; a proxy before Alertmanager asks for them."""
    heard: list[str] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(request.headers["Authorization"])
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/prefix/api/v2/alerts", take)
    async with TestServer(app) as server:
        url = str(server.make_url("/prefix"))
        file = tmp_path / "token"
        file.write_text("one\n")
        known = settings(Config(alertmanager_urls=(url,), alertmanager_token_file=str(file)))
        client = Client(url, known, session)
        await client.post([(alert("A"), LATER)])
        file.write_text("two\n")
        await client.post([(alert("A"), LATER)])

    assert heard == ["Bearer one", "Bearer two"]
