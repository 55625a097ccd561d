"""What HTTP serves of a service: scrapes, the JSON API and the page, behind the door."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from exporter.config import Config
from exporter.page.recent import RECENT
from exporter.page.routes import furnish, routes
from exporter.page.scene import About
from exporter.service import Service
from exporter.version import VERSION
from exporter.web.api import AT_ONCE, QUESTIONS
from exporter.web.app import build
from exporter.web.door.guard import Guard
from exporter.web.faults import READER
from exporter.web.keys import CLOCK, EVENTS, HISTORY, HUB, OBJECTIVES, PROBER


def application(service: Service, config: Config, clock: Callable[[], float]) -> web.Application:
    """The application, with all that its handlers find in it."""
    injectable = config.allow_fault_injection and config.source.startswith("sim")
    app = build(service.scrapes, fault_injection=injectable)
    app[HUB] = service.hub
    app[HISTORY] = service.store.history
    app[EVENTS] = service.store.events
    app[OBJECTIVES] = service.objectives
    app[CLOCK] = clock
    app[READER] = service.reader
    app[PROBER] = service.prober
    app[QUESTIONS] = asyncio.Semaphore(AT_ONCE)
    app[RECENT] = service.recent
    app.add_routes(routes())
    furnish(app, About(node=config.node, source=_short(config.source), version=VERSION))
    Guard(service.doorway).stand_before(app)
    return app


def _short(source: str) -> str:
    """*source* without the folders of its file."""
    kind, _, argument = source.partition(":")
    return f"{kind}:{Path(argument).name}" if argument else kind
