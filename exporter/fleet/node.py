"""A simulated exporter without a process of its own: it reads its GPUs when someone scrapes it.

It then makes up for the seconds since the scrape before, so that busy seconds and the like are those of an exporter that
had read once a second. A node that nobody scrapes costs nothing.
"""

import math
from collections.abc import Callable

from catalog.metrics import exporter
from catalog.snapshot import Reading, Tier
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.integrals import Integrals
from exporter.prometheus import Instruments
from exporter.standing_clock import StandingClock
from exporter.version import VERSION
from exporter.web.scrape import Scrapes
from probes.collectors import COLLECTORS
from probes.driver import Device, Driver
from probes.messages import DriverState, Found, Up
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.sim.driver import SimDriver
from probes.sim.scenario import Scenario
from probes.worker import PERIODS, Layouts, message

MOST_STEPS = 20
"""Readings between two scrapes. A longer time is divided into as many, each standing for more than a second."""
_PLAN = {tier: tuple(c for c in COLLECTORS if c.tier is tier and c.default) for tier in PERIODS}

Clock = Callable[[], float]


class FleetNode:
    """One node as *scenario* describes it.

    Args:
        began: when the fleet began, seconds since 1970; nodes that are first asked at different times agree on it.
        clock: seconds since 1970.
    """

    def __init__(self, scenario: Scenario, began: float, clock: Clock) -> None:
        self._clock = clock
        self._read_until = StandingClock(began)
        # Nobody is missing here: a long time between two readings is one that no scrape asked about.
        self._integrals = Integrals({}, gap=math.inf)
        self._hub = Hub((self._integrate,))
        instruments = Instruments()
        instruments.set(exporter.BUILD_INFO, 1, version=VERSION, source="sim")
        self.scrapes = Scrapes(self._hub, instruments, clock)
        intake = Intake(self._hub, instruments, clock, _forget, _forget)
        driver = SimDriver(scenario, self._read_until)
        intake.hear(DriverState(up=True, reason=""))
        self._gpus = [
            _Gpu(driver, device, scenario.node, intake.hear, clock) for device in driver.devices()
        ]
        self._due = dict.fromkeys(PERIODS, began)
        self._read()

    def advance(self) -> None:
        """Read what an exporter would have read by now."""
        before = self._read_until.now
        seconds = int((self._clock() - before) // PERIODS[Tier.FAST])
        steps = min(seconds, MOST_STEPS)
        for step in range(1, steps + 1):
            self._read_until.now = before + seconds * step / steps
            self._read()

    def _read(self) -> None:
        now = self._read_until.now
        for tier, period in PERIODS.items():
            if self._due[tier] <= now:
                self._due[tier] = now + period
                for gpu in self._gpus:
                    gpu.read(tier, now)

    def _integrate(self, uuid: str, tier: Tier, reading: Reading) -> None:
        if tier is Tier.DERIVED:
            return
        self._integrals.observe(uuid, tier, reading)
        if tier is Tier.FAST:
            self._hub.reading(uuid, Tier.DERIVED, self._integrals.reading(uuid, reading.at))


class _Gpu:
    """One GPU of a node; *hear* gets what a reader child would send."""

    def __init__(
        self,
        driver: Driver,
        device: Device,
        node: str,
        hear: Callable[[Up], None],
        clock: Clock,
    ) -> None:
        gpu = NvmlGpu(driver, device, node)
        self._uuid = gpu.identity.uuid
        self._reader = Reader(gpu, gpu.asker, {}, clock)
        self._layouts = Layouts(device.index * 1_000)
        self._hear = hear
        hear(Found(gpu.identity))

    def read(self, tier: Tier, at: float) -> None:
        outcome = self._reader.read(_PLAN[tier])
        layout, new = self._layouts.number(tier, outcome, self._uuid)
        if new:
            self._hear(new)
        self._hear(message(layout, at, outcome))


def _forget(_what: object) -> None:
    """A node of a fleet keeps no events, and its source cannot fail."""
