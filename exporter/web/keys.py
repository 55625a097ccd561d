"""What the HTTP handlers find in the application: typed keys, filled by `exporter.application`."""

from collections.abc import Callable

from aiohttp import web

from exporter.hub import Hub
from exporter.objectives import Objectives
from exporter.probing.prober import Prober
from history.events import EventLog
from history.question import History

HUB = web.AppKey("hub", Hub)
HISTORY = web.AppKey("history", History)
EVENTS = web.AppKey("events", EventLog)
OBJECTIVES = web.AppKey("objectives", Objectives)
PROBER = web.AppKey("prober", Prober)
CLOCK: web.AppKey[Callable[[], float]] = web.AppKey("clock")
