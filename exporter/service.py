"""`serve`: wires the reader child, the hub, history and HTTP, and ends them in order."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from aiohttp import web

from catalog.errors import ConfigError
from catalog.event import Event, EventKind
from catalog.metric import Kind
from catalog.metrics import exporter
from catalog.snapshot import Reading, Tier
from exporter import control, event_log, plan
from exporter.alerting import settings as alerting
from exporter.alerting.alerting import Alerting
from exporter.attribution.attribution import Attribution
from exporter.audit import Audit
from exporter.compat.dialect import Dialect
from exporter.compat.writer import CompatWriter
from exporter.config import FIXED, SETTINGS, Config
from exporter.event_place import located
from exporter.exposition import Exposition
from exporter.health import kept as health_kept
from exporter.health.probed import probed
from exporter.health.watch import Watch, Wiring
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.integrals import Integrals
from exporter.listen import bind
from exporter.logs import set_up
from exporter.page.recent import RECENT, Recent
from exporter.page.routes import furnish, routes
from exporter.page.scene import About
from exporter.probing.joined import Parts, join
from exporter.probing.settings import settings
from exporter.prometheus import Instruments
from exporter.reader import ENDS, ReaderProcess
from exporter.reopening import watch
from exporter.storekeeper import Storekeeper
from exporter.version import VERSION
from exporter.web.api import AT_ONCE, QUESTIONS
from exporter.web.app import build
from exporter.web.door import serving
from exporter.web.door.doorway import doorway
from exporter.web.door.guard import Guard
from exporter.web.faults import READER
from exporter.web.keys import CLOCK, EVENTS, HISTORY, HUB, PROBER
from exporter.web.scrape import Scrapes
from exporter.xid_source import Inputs, XidSource, open_log, path, switches
from exporter.xid_totals import XidTotals
from history.minute import Key
from probes import sources
from probes.kernel_log.reader import boot_id
from probes.kernel_log.told import ToldLog
from probes.messages import Logged, Start, Up
from probes.worker import PERIODS

logger = logging.getLogger(__name__)

_ORDERS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)
_GRACE = 1.5
"""Seconds that open requests get to end; with the rest of the shutdown that makes 2 s."""

Load = Callable[[], Config]
Clock = Callable[[], float]


class Service:
    """The parts of one exporter, joined."""

    def __init__(self, config: Config, clock: Clock, recent: Recent) -> None:
        start = plan.start(config)
        self.instruments = Instruments()
        audit = Audit(Path(config.state_dir), clock)
        self.doorway = doorway(config.web_config, self.instruments, audit)
        self.store = Storekeeper(
            Path(config.state_dir), config.history_days, self.instruments, clock
        )
        kept = self.store.totals()
        self.integrals = Integrals(kept)
        policy = plan.policy(config)
        self.xid_totals = XidTotals(kept, policy)
        self.recent = recent
        self.hub = Hub((self._judge, self._integrate, self._remember, self.recent.observe))
        self.attribution = Attribution(config, self.hub, self.integrals, self.instruments, clock)
        told = alerting.settings(config)
        self.alerting = Alerting(told, self.hub, self.instruments, clock)
        self.watch = self._watch(config, clock)
        self.failure = asyncio.get_running_loop().create_future()
        self.intake = Intake(self.watch, self.instruments, self._give_up)
        commits = self.store.commits(path(config))
        self._log = open_log(config, commits.mark(), clock)
        inputs = Inputs(
            log=self._log,
            switches=switches(config),
            clock=clock,
            policy=policy,
        )
        self.xids = XidSource(self.watch, self.xid_totals, commits, self.instruments, inputs)
        self.reader = ReaderProcess(start, self._hear, self.intake.reader_ended, clock)
        parts = Parts(
            hub=self.hub,
            reader=self.reader,
            store=self.store,
            instruments=self.instruments,
            clock=clock,
            happened=self._happened,
            judged=partial(probed, self.watch),
        )
        self.prober = join(config, parts, kept)
        self._began = clock()
        self._source = config.source
        exposition = Exposition(owners=config.attribution == "labels")
        self.scrapes = Scrapes(self.hub, self.instruments, clock, exposition)
        self.scrapes.configure(config.max_scrapes, plan.metrics_off(config), _compat(config))
        self._begin(start)

    def _begin(self, start: Start) -> None:
        """Show what there is before the first reading."""
        source = self._source.partition(":")[0]
        info = {"version": VERSION, "source": source, "node": start.node}
        self.instruments.set(exporter.BUILD_INFO, 1, **info)
        self.instruments.set(exporter.DRIVER_UP, 0)
        self.instruments.set(exporter.DRIVER_RELEASED, 0)
        self._count_from_zero()
        self.intake.begin(start)
        self.watch.remember()

    def _count_from_zero(self) -> None:
        """Prometheus loses the first increment of a counter that was not there before."""
        for outcome in ("success", "failure"):
            self.instruments.add(exporter.CONFIG_RELOADS, 0, outcome=outcome)
        for reason in ENDS:
            self.instruments.add(exporter.READER_RESTARTS, 0, reason=reason)
        for metric in exporter.FAMILIES:
            if metric.kind is Kind.COUNTER and not metric.labels:
                self.instruments.add(metric, 0)

    def _watch(self, config: Config, clock: Clock) -> Watch:
        """The states of the GPUs; they go on from what an earlier process knew of the same source."""
        wiring = Wiring(
            spend=self.integrals.spend,
            publish=self._publish,
            happened=self._happened,
            wall=clock,
            steady=time.monotonic,
            node=plan.start(config).node,
            allocatable=self.attribution.allocatable,
        )
        name = f"health {config.source}"
        kept = health_kept.read(self.store.noted(name))
        watch = Watch(self.hub, wiring, kept, boot=boot_id(), expected=config.expected_gpus)
        self.store.note(name, lambda: health_kept.write(watch.keep()))
        return watch

    def _judge(self, uuid: str, tier: Tier, reading: Reading) -> None:
        if tier in PERIODS:
            self.watch.reading(uuid, tier, reading)

    def _publish(self, uuid: str, at: float) -> None:
        """Show our counters of one GPU as they are now, once they are safe from a kill."""
        totals = self.integrals.reading(uuid, at)
        self.store.keep(uuid, totals)
        self.hub.reading(uuid, Tier.DERIVED, totals)

    def _hear(self, message: Up) -> None:
        if not isinstance(message, Logged):
            self.intake.hear(message)
        elif isinstance(self._log, ToldLog):
            self._log.tell(message.at, message.text)

    def _integrate(self, uuid: str, tier: Tier, reading: Reading) -> None:
        if tier in PERIODS:
            self.integrals.observe(uuid, tier, reading)
        if tier is Tier.ONCE:
            self.xids.welcome(uuid)
            self.prober.welcome(uuid)
        if tier is Tier.FAST:
            self.attribution.observe(uuid, reading)
        if tier is Tier.MEDIUM:
            self.prober.observe(uuid)
        if tier in (Tier.FAST, Tier.MEDIUM):
            self._publish(uuid, reading.at)

    def _remember(self, uuid: str, tier: Tier, reading: Reading) -> None:
        # What an earlier process probed is in the history already.
        if tier is not Tier.PROBED or reading.at >= self._began:
            self.store.rollup.observe(uuid, reading)

    def _happened(self, event: Event) -> None:
        self.alerting.happened()
        event = located(event, self.hub.latest)
        if event.kind is EventKind.XID:
            self.xids.watch.nvml(event)
        else:
            event_log.log(event)
            self.store.happened(event)

    async def watch_gpus(self) -> None:
        """Count the seconds of each GPU."""
        while True:
            await asyncio.sleep(PERIODS[Tier.FAST])
            self.watch.tick()

    def totals(self) -> Mapping[Key, float]:
        """Our integrals and the probes' counts, to be kept over a restart; counts of Xids commit with their events."""
        return {**self.integrals.totals, **self.prober.ward.totals.totals}

    def _give_up(self, reason: str) -> None:
        if not self.failure.done():
            self.failure.set_exception(ConfigError(reason))

    def application(self, config: Config, clock: Clock) -> web.Application:
        """What HTTP serves."""
        injectable = config.allow_fault_injection and config.source.startswith("sim")
        app = build(self.scrapes, fault_injection=injectable)
        app[HUB] = self.hub
        app[HISTORY] = self.store.history
        app[EVENTS] = self.store.events
        app[CLOCK] = clock
        app[READER] = self.reader
        app[PROBER] = self.prober
        app[QUESTIONS] = asyncio.Semaphore(AT_ONCE)
        app[RECENT] = self.recent
        app.add_routes(routes())
        furnish(app, About(node=config.node, source=_short(config.source), version=VERSION))
        Guard(self.doorway).stand_before(app)
        return app

    def run(self) -> "tuple[asyncio.Task[None], ...]":
        """Begin what must never end by itself."""
        reopening = watch(lambda: (self.hub.latest, self.intake.unopened), self.reader.reopen)
        endless = (
            self.reader.run(),
            reopening,
            self.prober.run(),
            self.watch_gpus(),
            self.alerting.run(),
        )
        return tuple(map(asyncio.create_task, endless))

    async def reload(self, old: Config, load: Load) -> None:
        """Take what can change while serving; a bad configuration keeps the old one."""
        try:
            new = load()
            start, off = plan.start(new), plan.metrics_off(new)
            probing = settings(new)
            sources.check(new.source)
        except ConfigError as error:
            self.instruments.add(exporter.CONFIG_RELOADS, outcome="failure")
            logger.error("config.reload_failed", extra={"error": str(error)})
            self.doorway.record.configured("configuration", error)
            return
        self.instruments.add(exporter.CONFIG_RELOADS, outcome="success")
        self.doorway.record.configured(", ".join(_differing(SETTINGS, old, new)))
        self.doorway.door.look()
        logger.info("config.reloaded", extra={"needs_restart": _differing(FIXED, old, new)})
        set_up(new.log_level, new.log_format)
        self.scrapes.configure(new.max_scrapes, off, _compat(new))
        self.intake.begin(start)
        self.xids.overrule(plan.policy(new))
        self.prober.configure(probing, other_source=new.source != self._source)
        if await self.reader.restart(start):
            self.intake.restarted(other_source=new.source != self._source)
        self._source = new.source


async def serve(config: Config, load: Load, clock: Clock, recent: Recent | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: how it begins.
        load: reads the configuration again, on SIGHUP.
        clock: seconds since 1970.
        recent: the last 15 minutes, if they are known already.

    Raises:
        ConfigError: the configuration cannot be served.
    """
    _deaf()
    sources.check(config.source)
    listener = bind(config.listen)
    with control.own(Path(config.state_dir)), contextlib.closing(listener):
        service = Service(config, clock, recent or Recent())
        app = service.application(config, clock)
        runner = await serving.serve(app, listener, service.doorway, _GRACE)
        host, port = listener.getsockname()[:2]
        logger.info("serving", extra={"address": f"{host}:{port}", "source": config.source})
        running = service.run()
        ending = asyncio.Event()
        store = asyncio.create_task(service.store.run(service.totals, ending))
        xids = asyncio.create_task(service.xids.watch.run(ending))
        attribution = asyncio.create_task(service.attribution.run())
        with _signals(service, config, load):
            await _until_told(service.failure, *running, store, xids)
        await service.prober.close()
        for task in (*running, attribution):
            task.cancel()
        await asyncio.gather(*running, attribution, runner.cleanup(), return_exceptions=True)
        ending.set()
        await xids
        await store
        logger.info("stopped")
        for ended in (service.failure, *running):
            if ended.done() and not ended.cancelled():
                ended.result()


async def _until_told(*failures: "asyncio.Future[None]") -> None:
    """Wait for SIGTERM or SIGINT, or for what should never end to do so."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.ensure_future(_set(stop))
    await asyncio.wait((stopped, *failures), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


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
        await service.prober.release()  # first: it holds the driver too
        await service.reader.release(seconds)
        service.intake.released(seconds)
        logger.info("released", extra={"seconds": seconds})

    async def reload() -> None:
        await service.reload(config, load)

    async def reset() -> None:
        wanted = control.requested_reset(Path(config.state_dir))
        if wanted is not None:
            count = await service.prober.ward.reset(*wanted)
            service.doorway.record.configured(f"baselines of {' '.join(wanted).strip() or 'all'}")
            logger.info("probes.reset", extra={"records": count})

    loop.add_signal_handler(signal.SIGUSR1, spawn, release)
    loop.add_signal_handler(signal.SIGUSR2, spawn, reset)
    loop.add_signal_handler(signal.SIGHUP, spawn, reload)
    try:
        yield
    finally:
        for number in _ORDERS:
            loop.remove_signal_handler(number)
        _deaf()


def _deaf() -> None:
    """Before we can obey and once we no longer can, an order must not end the process, as it would by default."""
    for number in _ORDERS:
        signal.signal(number, signal.SIG_IGN)


def _compat(config: Config) -> CompatWriter | None:
    dialect = Dialect(config.compat)
    return None if dialect is Dialect.OFF else CompatWriter(dialect)


def _differing(names: Iterable[str], old: Config, new: Config) -> list[str]:
    return [name for name in names if getattr(new, name) != getattr(old, name)]


def _short(source: str) -> str:
    """*source* without the folders of its file."""
    kind, _, argument = source.partition(":")
    return f"{kind}:{Path(argument).name}" if argument else kind
