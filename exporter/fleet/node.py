"""A simulated exporter without a process of its own: it reads its GPUs when someone scrapes it.

It then makes up for the seconds since the scrape before, so that busy seconds and the like are those of an exporter that
had read once a second. A node that nobody scrapes costs nothing.
"""

import math
from collections.abc import Callable, Mapping

from catalog.metrics import exporter
from catalog.snapshot import Reading, Snapshot, Tier
from exporter.fleet.gpu import FleetGpu
from exporter.fleet.spec import MOST_READINGS
from exporter.fleet.xids import FleetXids
from exporter.health.kept import Kept
from exporter.health.watch import Watch, Wiring
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.integrals import Integrals
from exporter.prometheus import Instruments
from exporter.standing_clock import StandingClock
from exporter.version import VERSION
from exporter.web.scrape import Scrapes
from exporter.xids import Counted
from probes.messages import DriverState
from probes.sim.driver import SimDriver
from probes.sim.scenario import Scenario
from probes.worker import PERIODS

_CELLS = 5
"""Cells of the simulation that each such reading works out, exactly if the step is no longer than they are."""

Clock = Callable[[], float]


class FleetNode:
    """One node as *scenario* describes it: its machine, which runs on, and its exporter, which may be down.

    Args:
        began: when the fleet began, seconds since 1970; nodes that are first asked at different times agree on it.
        clock: seconds since 1970.
        readings: between two scrapes, at most.
    """

    def __init__(
        self, scenario: Scenario, began: float, clock: Clock, readings: int = MOST_READINGS
    ) -> None:
        self._most_readings = readings
        self._clock = clock
        self._node = scenario.node
        self._read_until = StandingClock(began)
        self._driver = SimDriver(scenario, self._read_until, patience=_CELLS)
        self._gpus = [
            FleetGpu(self._driver, device, scenario.node, clock)
            for device in self._driver.devices()
        ]
        self._xids = FleetXids(self._driver, [gpu.identity for gpu in self._gpus])
        self._kept: Kept | None = None
        # Nobody is missing here: a long time between two readings is one that no scrape asked about.
        self._integrals = Integrals({}, gap=math.inf)
        self._down_until = -math.inf
        self._start()

    # -- the exporter ------------------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        return self._hub.latest

    @property
    def down(self) -> bool:
        """Whether its exporter does not answer now."""
        return self._clock() < self._down_until

    def stop(self, seconds: float | None) -> None:
        """Its exporter dies, and is started again after *seconds*; None is when someone says so."""
        self.advance()
        self._kept = self._watch.keep()
        self._down_until = math.inf if seconds is None else self._clock() + seconds

    def start(self) -> None:
        """Its exporter is started now, if it is down."""
        if self.down:
            self._down_until = self._clock()

    def release(self, seconds: float) -> None:
        """Maintenance is announced: its exporter lets go of the driver for so long, and the driver is loaded anew."""
        self.advance()
        self._released_until = self._clock() + seconds
        self._intake.released(seconds)
        for gpu in self._gpus:
            self._integrals.pause(gpu.uuid)

    def inject(self, fault: Mapping[str, object]) -> None:
        """Let *fault* happen.

        Raises:
            ConfigError: it describes none that this machine can have.
        """
        self.advance()
        self._driver.inject(fault)

    def _start(self) -> None:
        """A new exporter: it goes on with the totals that were kept, and begins to read."""
        self._started = self._read_until.now
        self._released_until = -math.inf
        self._integrals = Integrals(self._integrals.totals, gap=math.inf)
        self._hub = Hub((self._judge, self._integrate))
        self._watch = Watch(self._hub, self._wiring(), self._kept)
        self._watch.remember()
        instruments = Instruments()
        info = {"version": VERSION, "source": "sim", "node": self._node}
        instruments.set(exporter.BUILD_INFO, 1, **info)
        self.scrapes = Scrapes(self._hub, instruments, self._clock)
        self._intake = Intake(self._watch, instruments, _forget)
        self._open()

    def _open(self) -> None:
        """Begin to read."""
        opened = tuple(gpu.identity.index for gpu in self._gpus)
        self._intake.hear(DriverState(up=True, reason="", opened=opened))
        self._due = dict.fromkeys(PERIODS, self._read_until.now)
        for gpu in self._gpus:
            gpu.introduce(self._intake.hear)
        self._read()

    def advance(self) -> None:
        """Read what an exporter would have read by now."""
        if self._down_until > self._started:
            if self.down:
                return
            self._read_until.now = max(self._read_until.now, self._down_until)
            self._start()
        if self._released_until > self._read_until.now:
            self._read_until.now = min(self._clock(), self._released_until)
            self._watch.tick()
            if self._read_until.now < self._released_until:
                return
            self._open()
        before = self._read_until.now
        seconds = int((self._clock() - before) // PERIODS[Tier.FAST])
        steps = min(seconds, self._most_readings)
        for step in range(1, steps + 1):
            self._read_until.now = before + seconds * step / steps
            self._read()

    def _read(self) -> None:
        now = self._read_until.now
        tiers = [tier for tier in PERIODS if self._due[tier] <= now]
        for tier in tiers:
            self._due[tier] = now + PERIODS[tier]
        told = self._xids.heard(now)
        for gpu in self._gpus:
            # An Xid has the slow tier read at once, as the reader child does.
            again = [Tier.SLOW] if gpu.uuid in told and Tier.SLOW not in tiers else []
            if not gpu.read([*tiers, *again], now):
                self._integrals.pause(gpu.uuid)
        self._judge_xids(told)
        for uuid, reading in self._xids.readings(now):
            self._hub.reading(uuid, Tier.COUNTED, reading)
        self._watch.tick()

    def _judge_xids(self, told: Mapping[str, tuple[Counted, ...]]) -> None:
        for uuid, counted in told.items():
            for one in counted:
                if one.key:
                    self._watch.xid(uuid, one.key.labels[-1], one.event.message)

    def _wiring(self) -> Wiring:
        return Wiring(
            spend=self._integrals.spend,
            publish=self._publish,
            happened=_forget,
            wall=self._read_until,
            steady=self._read_until,
            node=self._node,
        )

    def _judge(self, uuid: str, tier: Tier, reading: Reading) -> None:
        if tier in PERIODS:
            self._watch.reading(uuid, tier, reading)

    def _publish(self, uuid: str, at: float) -> None:
        self._hub.reading(uuid, Tier.DERIVED, self._integrals.reading(uuid, at))

    def _integrate(self, uuid: str, tier: Tier, reading: Reading) -> None:
        if tier not in PERIODS:
            return
        self._integrals.observe(uuid, tier, reading)
        if tier is Tier.FAST:
            self._publish(uuid, reading.at)


def _forget(_what: object) -> None:
    """A node of a fleet keeps no events, and its source cannot fail."""
