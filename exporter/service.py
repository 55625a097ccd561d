"""`serve`: wires the reader child, the hub, history and HTTP, and ends them in order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from aiohttp import web

from catalog.errors import ConfigError
from catalog.metrics import exporter
from catalog.snapshot import Reading, Tier
from exporter import control, plan
from exporter.config import Config
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.integrals import Integrals
from exporter.listen import bind
from exporter.page.recent import RECENT, Recent
from exporter.prometheus import Instruments
from exporter.reader import ReaderProcess
from exporter.storekeeper import Storekeeper
from exporter.version import VERSION
from exporter.web.api import READER
from exporter.web.app import build
from exporter.web.keys import CLOCK, EVENTS, HISTORY, HUB
from exporter.web.scrape import Scrapes

logger = logging.getLogger(__name__)

_GRACE = 1.5
"""Seconds that open requests get to end; with the rest of the shutdown that makes 2 s."""

Load = Callable[[], Config]
Clock = Callable[[], float]


class Service:
    """The parts of one exporter, joined."""

    def __init__(self, config: Config, clock: Clock) -> None:
        start = plan.start(config)
        self.instruments = Instruments()
        self.store = Storekeeper(
            Path(config.state_dir), config.history_days, self.instruments, clock
        )
        self.integrals = Integrals(self.store.totals())
        self.recent = Recent()
        self.hub = Hub((self._integrate, self._remember, self.recent.observe))
        self.failure = asyncio.get_running_loop().create_future()
        self.intake = Intake(self.hub, self.instruments, clock, self.store.happened, self._give_up)
        self.reader = ReaderProcess(start, self.intake.hear, self.intake.reader_ended)
        self.instruments.set(
            exporter.BUILD_INFO, 1, version=VERSION, source=config.source.partition(":")[0]
        )
        self.instruments.set(exporter.DRIVER_UP, 0)

    def _integrate(self, uuid: str, tier: Tier, reading: Reading) -> None:
        if tier is not Tier.DERIVED:
            self.integrals.observe(uuid, tier, reading)
            if tier is Tier.FAST:
                self.hub.reading(uuid, Tier.DERIVED, self.integrals.reading(uuid, reading.at))

    def _remember(self, uuid: str, _tier: Tier, reading: Reading) -> None:
        self.store.rollup.observe(uuid, reading)

    def _give_up(self, reason: str) -> None:
        if not self.failure.done():
            self.failure.set_exception(ConfigError(reason))

    def application(self, config: Config, clock: Clock) -> web.Application:
        scrapes = Scrapes(
            self.hub, self.instruments, clock, config.max_scrapes, plan.metrics_off(config)
        )
        injectable = config.allow_fault_injection and config.source.startswith("sim")
        app = build(scrapes, fault_injection=injectable)
        app[HUB] = self.hub
        app[HISTORY] = self.store.history
        app[EVENTS] = self.store.events
        app[CLOCK] = clock
        app[READER] = self.reader
        app[RECENT] = self.recent
        return app


async def serve(config: Config, load: Load, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigError: the configuration cannot be served.
    """
    listener = bind(config.listen)
    with control.own(Path(config.state_dir)), contextlib.closing(listener):
        service = Service(config, clock)
        app = service.application(config, clock)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        host, port = listener.getsockname()[:2]
        logger.info("serving", extra={"address": f"{host}:{port}", "source": config.source})
        reader = asyncio.create_task(service.reader.run())
        store = asyncio.create_task(service.store.run(service.integrals))
        with _signals(service, config, load):
            await _until_told(service.failure)
        for ending in (reader, store):
            ending.cancel()
        await asyncio.gather(reader, runner.cleanup(), return_exceptions=True)
        await asyncio.gather(store, return_exceptions=True)
        logger.info("stopped")
        if service.failure.done():
            service.failure.result()


async def _until_told(failure: "asyncio.Future[None]") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((stopped, failure), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()


@contextlib.contextmanager
def _signals(service: Service, config: Config, load: Load) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: Callable[[], Awaitable[None]]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def release() -> None:
        seconds = control.requested_release(Path(config.state_dir))
        await service.reader.release(seconds)
        service.intake.released()
        logger.info("released", extra={"seconds": seconds})

    async def reload() -> None:
        await _reload(service, load)

    loop.add_signal_handler(signal.SIGUSR1, spawn, release)
    loop.add_signal_handler(signal.SIGHUP, spawn, reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)
        loop.remove_signal_handler(signal.SIGHUP)


async def _reload(service: Service, load: Load) -> None:
    """Take what can change while serving from the configuration; a bad one keeps the old one."""
    try:
        start = plan.start(load())
    except ConfigError as error:
        service.instruments.add(exporter.CONFIG_RELOADS, outcome="failure")
        logger.error("config.reload_failed", extra={"error": str(error)})
        return
    service.instruments.add(exporter.CONFIG_RELOADS, outcome="success")
    logger.info("config.reloaded")
    await service.reader.restart(start)
