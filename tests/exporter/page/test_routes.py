import asyncio
import json
import re

import pytest
from aiohttp import ClientSession, ClientTimeout
from aiohttp.test_utils import TestClient, TestServer

from catalog.metrics import power
from exporter.page import assets
from exporter.page.live import LIVE, Live
from exporter.page.panel import SPANS
from history.database import Database
from history.minute import GaugeMinute, Key
from tests.exporter.page.conftest import Site
from tests.exporter.page.node import NOW, uuid

PAGES = (
    "/",
    f"/gpus/{uuid(0)}",
    *(f"/gpus/{uuid(0)}?range={span.key}" for span in SPANS),
    f"/gpus/{uuid(0)}?range=1h&at=1780000000",
)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_strict_html(served: str, path: str) -> None:
    """200, UTF-8, a policy that allows only ourselves, kept by nobody."""
    async with ClientSession() as session, session.get(served + path) as response:
        body = await response.text()

        assert response.status == 200
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert " style=" not in body
        assert "<script>" not in body


async def test_a_page_of_no_gpu_is_not_found(served: str) -> None:
    """404 in the page's own clothes, with the way back, and nothing of the address run as markup."""
    async with ClientSession() as session, session.get(f"{served}/gpus/%3Cb%3E") as response:
        body = await response.text()

        assert response.status == 404
        assert "<code>&lt;b&gt;</code>" in body
        assert 'href="/"' in body


async def test_an_unknown_range_is_refused(served: str) -> None:
    """400, with the ranges that there are."""
    async with (
        ClientSession() as session,
        session.get(f"{served}/gpus/{uuid(0)}?range=2y") as response,
    ):
        assert response.status == 400
        assert "15m, 1h, 6h, 24h, 7d, 35d" in await response.text()


@pytest.mark.parametrize("span", ["15m", "1h"])
async def test_charts_of_an_earlier_time(site: Site, served: str, span: str) -> None:
    """An alert's link shows the time around it, from the history; other ranges keep to it, and one link leads back."""
    at = int(NOW) - 7200
    minutes = (at // 60 * 60 + offset for offset in (-300, 0, 300))
    key = Key(uuid(0), power.NOW)
    site.history.append(
        [
            GaugeMinute(at=minute, key=key, low=1, mean=1, high=1, last=1, covered=60)
            for minute in minutes
        ]
    )

    async with (
        ClientSession() as session,
        session.get(f"{served}/gpus/{uuid(0)}?range={span}&at={at}") as response,
    ):
        body = await response.text()

    charts = body[body.index('id="charts"') :]
    assert "Trends around 28 May 18:31:05" in charts
    (empty,) = re.findall(r"Nothing recorded in this range: ([^<]*)", charts)
    assert "Temperature" in empty
    assert "Power" not in empty
    assert f'href="/gpus/{uuid(0)}?range=6h&amp;at={at}"' in charts
    assert f'<a href="/gpus/{uuid(0)}?range={span}">now</a>' in charts


async def test_charts_end_now_while_an_alert_is_young(served: str) -> None:
    """What lies ahead is not drawn: memory shows the newest second."""
    async with (
        ClientSession() as session,
        session.get(f"{served}/gpus/{uuid(0)}?range=15m&at={NOW:.0f}") as response,
    ):
        body = await response.text()

    assert 'data-refresh="5"' in body
    assert "Utilisation" in body


@pytest.mark.parametrize("at", ["yesterday", "-1", "1e9", "12345678901", "²"])
async def test_a_time_that_is_none_is_refused(served: str, at: str) -> None:
    """400, with an example."""
    async with (
        ClientSession() as session,
        session.get(f"{served}/gpus/{uuid(0)}?at={at}") as response,
    ):
        assert response.status == 400
        assert "seconds since 1970" in await response.text()


@pytest.mark.parametrize("name", assets.NAMES)
async def test_files_are_kept_for_ever(served: str, name: str) -> None:
    """Their address is their content; who has them already gets 304."""
    async with ClientSession() as session:
        async with session.get(served + assets.address(name)) as response:
            assert response.status == 200
            assert "immutable" in response.headers["Cache-Control"]
            tag = response.headers["ETag"]
        async with session.get(
            served + assets.address(name), headers={"If-None-Match": tag}
        ) as response:
            assert response.status == 304


@pytest.mark.parametrize("path", ["/static/0/gpuvitals.css", "/static/0/..%2Froutes.py"])
async def test_other_files_are_not_served(served: str, path: str) -> None:
    """Neither an old content under a new name nor anything beside the assets."""
    async with ClientSession() as session, session.get(served + path) as response:
        assert response.status == 404


async def test_the_page_names_its_files_by_content(served: str) -> None:
    """Every file that the page loads exists."""
    async with ClientSession() as session:
        async with session.get(served) as response:
            addresses = re.findall(r'"(/static/[^"]*)"', await response.text())
        statuses = [(await session.get(served + address)).status for address in addresses]

    assert len(addresses) == len(assets.NAMES)
    assert set(statuses) == {200}


async def test_the_stream_begins_with_the_version_and_then_everything(served: str) -> None:
    """A page of an older version reloads itself; a page that was away catches up."""
    async with ClientSession() as session, session.get(f"{served}/live") as response:
        lines = [(await response.content.readline()).decode().strip() for _ in range(5)]

        assert response.content_type == "text/event-stream"
        assert lines[:3] == ["event: version", f'data: "{assets.version()}"', ""]
        assert lines[3] == "event: patch"
        assert {"freshness", "figures", "events"} < json.loads(
            lines[4].removeprefix("data: ")
        ).keys()


@pytest.mark.parametrize(("path", "live"), [("/", ""), (f"/gpus/{uuid(0)}", f"?gpu={uuid(0)}")])
async def test_every_update_has_its_place_on_the_page(served: str, path: str, live: str) -> None:
    """What the stream sends is an element of the page that it is sent to."""
    async with ClientSession() as session:
        async with session.get(served + path) as response:
            page = await response.text()
        async with session.get(f"{served}/live{live}") as response:
            lines = [await response.content.readline() for _ in range(5)]
    told = json.loads(lines[4].removeprefix(b"data: "))

    assert [key for key in told if f'id="{key}"' not in page] == []
    assert [key for key, drawn in told.items() if f' id="{key}"' not in drawn] == []


async def test_the_stream_of_no_gpu_is_not_found(served: str) -> None:
    """404, not an endless silence."""
    async with ClientSession() as session, session.get(f"{served}/live?gpu=none") as response:
        assert response.status == 404


async def test_one_page_too_many_is_told_to_come_back(site: Site) -> None:
    """503 and when to try again: the node's own work comes first."""
    app = site.application()
    app[LIVE] = Live(most=0)
    async with TestClient(TestServer(app)) as client, client.get("/live") as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "10"


async def test_a_shutdown_does_not_wait_for_open_pages(site: Site) -> None:
    """The stream ends cleanly and the server is gone well before its grace is over."""
    server = TestServer(site.application())
    async with TestClient(server, timeout=ClientTimeout(total=10)) as client:
        response = await client.get("/live")
        await response.content.readline()
        began = asyncio.get_running_loop().time()
        await server.close()
        rest = await response.content.read()

        assert asyncio.get_running_loop().time() - began < 1
        assert rest.endswith(b"\n\n")


async def test_a_history_in_trouble_leaves_the_page_standing(
    served: str, database: Database
) -> None:
    """Values and charts of memory need no disk; what needs it says that it cannot be read."""
    database.close()
    async with ClientSession() as session:
        async with session.get(f"{served}/gpus/{uuid(0)}") as response:
            body = await response.text()
        async with session.get(f"{served}/gpus/{uuid(0)}?range=1h") as response:
            longer = await response.text()

    assert "Power: " in body
    assert "event log cannot be read" in body
    assert "history cannot be read" in longer
