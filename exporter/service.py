"""Joins the parts of one exporter: the reader child, the hub, history, Xids, probes. `exporter.application` serves them, `exporter.lifetime` begins and ends them."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from catalog.errors import ConfigError
from catalog.event import Event, EventKind
from catalog.metric import Kind
from catalog.metrics import exporter
from catalog.snapshot import Reading, Tier
from exporter import event_log, objectives, plan
from exporter.alerting import settings as alerting
from exporter.alerting.alerting import Alerting
from exporter.attribution.attribution import Attribution
from exporter.audit import Audit
from exporter.compat.writer import writer
from exporter.config import Config
from exporter.event_place import located
from exporter.exposition import Exposition
from exporter.health import kept as health_kept
from exporter.health.probed import probed
from exporter.health.watch import Watch, Wiring
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.integrals import Integrals
from exporter.objectives import Objectives
from exporter.page.recent import Recent
from exporter.probing.joined import Parts, join
from exporter.prometheus import Instruments
from exporter.reader import ENDS, ReaderProcess
from exporter.reopening import watch
from exporter.storekeeper import Storekeeper
from exporter.version import VERSION
from exporter.web.door.doorway import doorway
from exporter.web.scrape import Scrapes
from exporter.xid_source import Inputs, XidSource, open_log, path, switches
from exporter.xid_totals import XidTotals
from history.minute import Key
from probes.kernel_log.reader import boot_id
from probes.kernel_log.told import ToldLog
from probes.messages import Logged, Start, Up
from probes.worker import PERIODS

Clock = Callable[[], float]


class Service:
    """The parts of one exporter, joined.

    Attributes:
        began_with: the configuration that it was made from.
        config: the one that was read last.
        failure: is set to a ConfigError when the source can never be read.
    """

    def __init__(self, config: Config, clock: Clock, recent: Recent) -> None:
        self.began_with = self.config = config
        start = plan.start(config)
        self.instruments = Instruments()
        audit = Audit(Path(config.state_dir), clock)
        self.doorway = doorway(config.web_config, self.instruments, audit)
        self.store = Storekeeper(
            Path(config.state_dir), config.history_days, self.instruments, clock
        )
        self.objectives = Objectives(self.store.history, clock, objectives.load(config.slo_dir))
        kept = self.store.totals()
        self.integrals = Integrals(kept)
        policy = plan.policy(config)
        self.xid_totals = XidTotals(kept, policy)
        self.recent = recent
        self.hub = Hub((self._judge, self._integrate, self._remember, self.recent.observe))
        self.attribution = Attribution(config, self.hub, self.integrals, self.instruments, clock)
        self.alerting = Alerting(alerting.settings(config), self.hub, self.instruments, clock)
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
        exposition = Exposition(owners=config.attribution == "labels")
        self.scrapes = Scrapes(self.hub, self.instruments, clock, exposition)
        self.scrapes.configure(config.max_scrapes, plan.metrics_off(config), writer(config.compat))
        self._begin(start)

    def _begin(self, start: Start) -> None:
        """Show what there is before the first reading."""
        source = self.config.source.partition(":")[0]
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
