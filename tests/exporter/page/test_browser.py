"""The page in a real Chromium."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, expect

from catalog.event import Event, EventKind, Severity
from tests.exporter.page.cable import Cable
from tests.exporter.page.conftest import Site
from tests.exporter.page.node import uuid

SOON = 8_000
"""Milliseconds that the machine may take for what takes one second."""
SILENT = re.compile(r"No answer for \d+ s · last update 20:31:\d\d UTC, retrying")
LINES = "it => it.getClientRects().length && Math.round(it.offsetHeight / parseFloat(getComputedStyle(it).lineHeight))"
ROWS = """tiles => Object.values([...tiles.children].reduce((rows, tile) => {
  rows[tile.offsetTop] = (rows[tile.offsetTop] || 0) + 1;
  return rows;
}, {}))"""
FILLED = """tiles => Math.abs(
  tiles.lastElementChild.getBoundingClientRect().right - tiles.getBoundingClientRect().right
) < 3"""


@dataclass
class Visit:
    """A page that is open, and what the browser had to say about it."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)


@pytest.fixture
async def visit(browser: Browser, served: str) -> AsyncIterator[Visit]:
    """The overview, open."""
    async with await browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        visit = Visit(await context.new_page(), served)
        await visit.page.goto(served)
        yield visit


async def overflow(page: Page) -> float:
    """Pixels by which the page is wider than its window."""
    width: float = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


async def test_the_page_shows_values(visit: Visit) -> None:
    """The GPUs of the node stand in a table with their readings."""
    row = visit.page.get_by_role("row").filter(has_text="GPU 0")

    await expect(row).to_contain_text("ok")
    await expect(row).to_contain_text(re.compile(r"\d+\s%"))
    await expect(row).to_contain_text("/ 80")
    await expect(row).to_contain_text("/ 700")


async def test_an_update_arrives_without_a_reload(visit: Visit, site: Site) -> None:
    """A GPU that hangs is seen to hang, while the page stays the one that was opened."""
    await visit.page.evaluate("window.same = true")
    site.node.hub.state(uuid(1), "hung", "call has not returned for 4 s")

    row = visit.page.get_by_role("row").filter(has_text="GPU 1")
    await expect(row).to_contain_text("hung", timeout=SOON)
    await expect(row.locator(".c-busy .value")).to_have_text("\u2013")
    await expect(visit.page.locator("#status")).to_contain_text("GPU 1 is hung")
    assert await visit.page.evaluate("window.same")


async def test_an_event_appears_by_itself(visit: Visit, site: Site) -> None:
    """What happens while somebody looks is on top of the list a second later."""
    await expect(visit.page.locator("#events")).to_contain_text("Nothing has happened")
    site.events.append(
        [
            Event(
                at=site.now,
                kind=EventKind.XID,
                severity=Severity.CRITICAL,
                message="Xid 79: GPU has fallen off the bus",
                uuid=uuid(0),
                code=79,
            )
        ]
    )

    await expect(visit.page.locator("#events li").first).to_contain_text(
        "fallen off the bus", timeout=SOON
    )


async def test_focus_survives_an_update(visit: Visit, site: Site) -> None:
    """Whoever moves through the page by keyboard is not thrown out of it every second."""
    link = visit.page.locator(".gpus a").first
    await link.focus()
    before = await visit.page.locator("#figures").inner_text()
    site.now += 1
    site.node.hub.state(uuid(1), "lost", "")

    await expect(visit.page.locator("#figures")).not_to_have_text(before, timeout=SOON)
    await expect(visit.page.locator("#figures")).to_contain_text("1 lost", timeout=SOON)
    await expect(link).to_be_focused()


async def test_the_keyboard_reaches_a_gpu(visit: Visit) -> None:
    """From the top of the page: the skip link, and Tab until the first GPU."""
    await visit.page.keyboard.press("Tab")
    await expect(visit.page.locator(".skip")).to_be_focused()
    await visit.page.keyboard.press("Enter")
    for _ in range(5):
        await visit.page.keyboard.press("Tab")
        if await visit.page.evaluate("document.activeElement.closest('.gpus') !== null"):
            break
    await visit.page.keyboard.press("Enter")

    await expect(visit.page.get_by_role("heading", level=1)).to_have_text("GPU 0")
    assert visit.page.url.endswith(f"/gpus/{uuid(0)}")


async def test_the_cursor_of_a_chart_answers_the_keyboard(visit: Visit) -> None:
    """Arrow keys move it, its value is said aloud and stands in the legend."""
    await visit.page.goto(f"{visit.base}/gpus/{uuid(0)}")
    cursor = visit.page.get_by_role("slider", name="Cursor of Power")
    await visit.page.keyboard.press("Tab")
    await cursor.focus()
    await visit.page.keyboard.press("ArrowLeft")
    said = await cursor.get_attribute("aria-valuetext")
    await visit.page.keyboard.press("Home")

    assert re.fullmatch(r"28 May, 20:\d\d:\d\d UTC: Power \d+\sW", said or "")
    assert await cursor.get_attribute("aria-valuetext") != said
    await expect(visit.page.locator("#chart-power .moment")).to_contain_text("UTC")


async def test_the_pointer_reads_a_chart(visit: Visit) -> None:
    """Hovering shows the values of that moment, leaving shows the newest again."""
    await visit.page.goto(f"{visit.base}/gpus/{uuid(0)}")
    output = visit.page.locator("#chart-memory output")
    newest = await output.inner_text()
    await visit.page.locator("#chart-memory .cursor").hover(position={"x": 40, "y": 60})
    hovered = await output.inner_text()
    await visit.page.mouse.move(5, 5)

    assert hovered != newest
    await expect(output).to_have_text(newest)


async def test_nothing_comes_from_elsewhere_and_nothing_is_complained_of(
    visit: Visit, site: Site
) -> None:
    """Every request goes to our own origin; the policy is not violated; no script fails."""
    await visit.page.goto(f"{visit.base}/gpus/{uuid(1)}")
    site.tick()
    await expect(visit.page.locator("#freshness")).to_contain_text("Live", timeout=SOON)
    await visit.page.goto(visit.base)
    await visit.page.get_by_role("button", name="Colour theme").click()
    await asyncio.sleep(1.5)

    assert {request[: len(visit.base)] for request in visit.requests} == {visit.base}
    assert visit.complaints == []


async def test_a_lost_connection_is_said_and_mended(visit: Visit, site: Site) -> None:
    """Without the exporter the page says since when it is old; with it, it goes on."""
    await expect(visit.page.locator("#freshness")).to_contain_text("Live", timeout=SOON)
    await visit.page.route("**/live*", lambda route: route.abort())
    await visit.page.evaluate(
        "dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pageshow'))"
    )

    await expect(visit.page.locator("#freshness")).to_contain_text(
        re.compile(r"Connection lost · last update \d\d:\d\d:\d\d UTC, retrying"), timeout=SOON
    )
    await visit.page.unroute("**/live*")
    site.tick()
    await expect(visit.page.locator("#freshness")).to_contain_text("Live", timeout=SOON)


@pytest.mark.parametrize("path", ["", f"/gpus/{uuid(0)}"])
async def test_an_exporter_that_falls_silent_is_said_and_heard_again(
    browser: Browser, served: str, site: Site, path: str
) -> None:
    """Frozen or behind a cut cable it closes nothing: the page counts the seconds, and goes on by itself."""
    cable, page = Cable(int(served.rpartition(":")[2])), await browser.new_page()
    async with cable.plugged() as address:
        await page.goto(f"{address}{path}")
        freshness = page.locator("#freshness")
        await expect(freshness).to_contain_text("Live")
        await page.evaluate("window.same = true")
        cable.whole.clear()

        await expect(freshness).to_contain_text(SILENT, timeout=SOON)
        await expect(freshness).to_have_class("freshness lost")
        before = await freshness.inner_text()
        aloud = await page.locator("#status").inner_text()
        await expect(freshness).not_to_have_text(before, timeout=SOON)
        await asyncio.sleep(6)  # it has tried again, in vain
        await expect(freshness).to_contain_text(SILENT)
        assert aloud == before
        assert await page.locator("#status").inner_text() == aloud

        cable.whole.set()
        site.tick()
        await expect(freshness).to_contain_text("Live", timeout=SOON)
        await expect(page.locator("#status")).to_have_text("2 of 2 GPUs are ok.")
        assert await page.evaluate("window.same")
        await page.close()


async def test_a_quiet_node_stays_live(visit: Visit) -> None:
    """That nothing changes is not that nobody answers."""
    await asyncio.sleep(7)

    await expect(visit.page.locator("#freshness")).to_have_class("freshness live")


async def test_a_long_reason_does_not_squeeze_the_table(visit: Visit, site: Site) -> None:
    """It is cut in the table, in full in its title and on the page of the GPU."""
    reason = "Xid 79: GPU has fallen off the bus, seen 14 times in the last hour, drain the node"
    site.node.hub.state(uuid(1), "unhealthy", reason)
    await visit.page.reload()
    shown, model = (visit.page.locator(f".gpus {name}").last for name in (".reason", ".model"))
    for width in (1181, 1280, 1440):
        await visit.page.set_viewport_size({"width": width, "height": 900})
        assert await model.evaluate(LINES) <= 2
        assert await shown.evaluate(LINES) == 1
        assert await overflow(visit.page) == 0
    assert await shown.get_attribute("title") == reason

    await visit.page.goto(f"{visit.base}/gpus/{uuid(1)}")
    whole = visit.page.locator(".states .reason")
    assert await whole.evaluate("it => it.scrollWidth <= it.clientWidth")


async def test_no_tile_is_alone_in_its_row(visit: Visit) -> None:
    """Rows of tiles are filled to their ends, whatever the width."""
    await visit.page.goto(f"{visit.base}/gpus/{uuid(0)}")
    for width in (390, 768, 1024, 1280, 1440, 1920):
        await visit.page.set_viewport_size({"width": width, "height": 900})
        rows = await visit.page.locator(".tiles").evaluate(ROWS)
        assert max(rows) - min(rows) <= 1, (width, rows)
        assert await visit.page.locator(".tiles").evaluate(FILLED)


async def test_the_theme_is_remembered(visit: Visit) -> None:
    """A theme that was chosen holds on the next page and after a reload."""
    button = visit.page.get_by_role("button", name="Colour theme")
    await button.click()
    await button.click()
    await visit.page.reload()

    await expect(button).to_have_text("Dark")
    assert await visit.page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


@pytest.mark.parametrize(
    "path", ["/", f"/gpus/{uuid(0)}", f"/gpus/{uuid(0)}?range=24h", "/gpus/none"]
)
async def test_no_page_is_wider_than_its_window(visit: Visit, path: str) -> None:
    """From a phone to a large screen nothing has to be scrolled sideways."""
    await visit.page.goto(f"{visit.base}{path}")
    too_wide = {}
    for width in (320, 390, 640, 768, 1024, 1181, 1280, 1920):
        await visit.page.set_viewport_size({"width": width, "height": 800})
        if (by := await overflow(visit.page)) > 0:
            too_wide[width] = by

    assert too_wide == {}
