from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, async_playwright

from exporter.objectives import Objectives
from exporter.page.recent import RECENT
from exporter.page.routes import furnish, routes
from exporter.page.scene import About, Scene
from exporter.web.keys import CLOCK, EVENTS, HISTORY, HUB, OBJECTIVES
from history.database import Database
from history.events import EventLog
from history.sqlite import SqliteHistory
from tests.exporter.page.node import NOW, Node

ABOUT = About(node="node-7", source="sim", version="0.1.0")


@dataclass(slots=True)
class Site:
    """A node and the application that shows it; the clock stands until a test moves it."""

    node: Node
    events: EventLog
    history: SqliteHistory
    now: float = NOW
    objectives: Objectives | None = None

    def scene(self) -> Scene:
        """What a page is drawn from now."""
        return Scene(
            about=ABOUT,
            snapshot=self.node.hub.latest,
            recent=self.node.recent,
            events=(),
            now=self.now,
        )

    def application(self) -> web.Application:
        """The page alone."""
        app = web.Application()
        app[HUB] = self.node.hub
        app[HISTORY] = self.history
        app[EVENTS] = self.events
        app[CLOCK] = lambda: self.now
        app[RECENT] = self.node.recent
        app[OBJECTIVES] = self.objectives or Objectives(self.history, lambda: self.now)
        furnish(app, ABOUT)
        app.add_routes(routes())
        return app

    def tick(self) -> None:
        """A second passes and every GPU is read."""
        self.now += 1
        for index in range(self.node.count):
            self.node.read(index, self.now)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A new one."""
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def site(database: Database) -> Site:
    """Two GPUs that have been read for 15 minutes, nothing has happened, nothing is in the history."""
    return Site(Node(count=2).live(), EventLog(database), SqliteHistory(database))


@pytest.fixture
async def served(site: Site) -> AsyncIterator[str]:
    """The address of the page."""
    async with TestServer(site.application()) as server:
        yield str(server.make_url("/")).rstrip("/")


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A real one."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield running
        await running.close()
