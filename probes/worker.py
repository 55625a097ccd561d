"""One thread per GPU: reads each tier when it is due and sends what it read."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from catalog.errors import DriverError, GpuLost
from catalog.snapshot import Tier, unnamed
from probes.collectors import by_tier
from probes.deadline import WatchedDevice, WatchedSystem
from probes.driver import Device, Driver
from probes.messages import Found, Health, NewLayout, NewReading, Reply, Start, Up
from probes.nvml_gpu import NvmlGpu
from probes.reading import Outcome, Reader
from probes.watch import ProcessWatch

logger = logging.getLogger(__name__)

PERIODS = {Tier.FAST: 1.0, Tier.MEDIUM: 10.0, Tier.SLOW: 60.0, Tier.ONCE: float("inf")}
"""Seconds between two readings of a tier; DESIGN.md section 6 says what each costs."""
_RETRY_LOST = 5.0
_FIRST_INTERVAL = 1.0
"""Seconds from the first medium reading to the second: GPM averages between two, so the first has no ratios."""
_STAGGER = 0.01
"""Seconds between the readings of neighbouring GPUs: longer than a medium one (6 ms on an H200) holds the driver's lock,
and short, for each pause costs the caches that the next one needs."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds since 1970, and seconds that never jump."""

    wall: Clock
    steady: Clock


class Layouts:
    """Numbers the layouts of one GPU, so that series travel once and values every second."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._known: dict[Tier, NewLayout] = {}

    def number(self, tier: Tier, outcome: Outcome, uuid: str) -> tuple[int, NewLayout | None]:
        series = tuple((sample.metric.name, sample.labels) for sample in outcome.samples)
        known = self._known.get(tier)
        # Another GPU may have come to this place: its readings must not go by the name of the one before.
        if known and (known.series, known.uuid) == (series, uuid):
            return known.layout, None
        self._next += 1
        new = self._known[tier] = NewLayout(self._next, uuid, tier, series)
        return self._next, new


class Worker(threading.Thread):
    """Reads one GPU until the process ends; a call that hangs keeps only this thread.

    Attributes:
        uuid: a stand-in until the GPU has told it.
        named: whether it has told who it is.
        lost: why the GPU is lost, empty while it answers.
        ended: whether nobody reads it any more.
    """

    def __init__(
        self,
        driver: Driver,
        device: WatchedDevice,
        start: Start,
        send: Callable[[Up], None],
        clocks: Clocks,
    ) -> None:
        super().__init__(name=f"gpu-{device.index}", daemon=True)
        self.device = device
        self.uuid = unnamed(device.index)
        self.named = False
        self.lost = ""
        self.ended = False
        self._driver = driver
        self._start_message = start
        self._send = send
        self._clocks = clocks
        self._requests: queue.SimpleQueue[tuple[int, Tier]] = queue.SimpleQueue()
        self._wanted: set[Tier] = set()
        self._watch: ProcessWatch | None = None
        # Layout numbers of different GPUs must not meet.
        self._layouts = Layouts(device.index * 10**12)
        self._plan = by_tier(start.collectors)

    def read_now(self, tier: Tier, request: int = 0) -> None:
        """Read *tier* as soon as the reading under way is done; many wishes that nobody waits for are one."""
        if not request:
            if tier in self._wanted:
                return
            self._wanted.add(tier)
        self._requests.put((request, tier))

    def run(self) -> None:
        self._sleep(self.device.index % 20 * _STAGGER)
        try:
            self.lost = self._read_until_lost()
            while True:
                self._sleep(_RETRY_LOST)
                self.lost = self._read_until_lost(again=True)
        finally:
            self.ended = True

    def _read_until_lost(self, *, again: bool = False) -> str:
        """Read it as long as that goes well; why it does not any more."""
        try:
            if again:  # What was opened before a reset stays lost.
                self.device.renew(self._found)
            self._read_for_ever()
        except (GpuLost, DriverError) as error:
            return str(error)
        except OSError:
            raise  # The exporter is gone (`probes.channel`), and so must we be.
        except Exception as error:
            name = type(error).__name__
            if name != self.lost:
                logger.exception("worker.failed", extra={"gpu": self.device.index})
            return name

    def _found(self) -> Device:
        return self._driver.find(self.device.index, self.uuid if self.named else "")

    def _read_for_ever(self) -> NoReturn:
        system = WatchedSystem(self._driver, self.device)
        gpu = NvmlGpu(system, self.device, self._start_message.node)
        asker = gpu.asker
        self.uuid = gpu.identity.uuid
        self._send(Found(gpu.identity))
        self.named = True
        reader = Reader(gpu, asker, self._start_message.budgets, self._clocks.steady)
        due = dict.fromkeys(PERIODS, self._clocks.steady())
        due[Tier.MEDIUM] -= PERIODS[Tier.MEDIUM] - _FIRST_INTERVAL
        if "processes" in self._start_message.collectors:
            self._watch = ProcessWatch(gpu, asker, self._send)
        self._read_due(reader, due)
        self.lost = ""
        self._send(Health(self.uuid, self.device.index, "ok", ""))
        while True:
            self._serve(reader, min(due.values()))
            self._read_due(reader, due)

    def _read_due(self, reader: Reader, due: dict[Tier, float]) -> None:
        for tier, period in PERIODS.items():
            if due[tier] <= self._clocks.steady():
                self._read(reader, tier)
                due[tier] = next_due(due[tier], period, self._clocks.steady())

    def _serve(self, reader: Reader, until: float) -> None:
        """Wait for the next reading that is due, doing those that someone asks for."""
        while (left := until - self._clocks.steady()) > 0:
            try:
                request, tier = self._requests.get(timeout=left)
            except queue.Empty:
                return
            if not request:
                self._wanted.discard(tier)  # What happens from here on is for another reading.
            self._read(reader, tier)
            if request:
                self._send(Reply(request, None))

    def _read(self, reader: Reader, tier: Tier) -> None:
        if not self._plan[tier]:
            return
        at = self._clocks.wall()
        outcome = reader.read(self._plan[tier])
        layout, new = self._layouts.number(tier, outcome, self.uuid)
        if new:
            self._send(new)
        self._send(message(layout, at, outcome))
        if tier is Tier.FAST and self._watch:
            self._watch.look()

    def _sleep(self, seconds: float) -> None:
        until = self._clocks.steady() + seconds
        while (left := until - self._clocks.steady()) > 0:
            try:
                request, tier = self._requests.get(timeout=left)
            except queue.Empty:
                return
            if not request:
                self._wanted.discard(tier)
            else:
                self._send(Reply(request, f"the GPU is lost: {self.lost}"))


def next_due(due: float, period: float, now: float) -> float:
    """The next time on the grid of *period*; readings that were missed are not made up for."""
    if period == float("inf"):
        return period
    return due + period * max(1, -(-(now - due) // period))


def message(layout: int, at: float, outcome: Outcome) -> NewReading:
    """What the exporter is told of one reading."""
    return NewReading(
        layout=layout,
        at=at,
        values=tuple(sample.value for sample in outcome.samples),
        durations=tuple(outcome.durations),
        failures=tuple(outcome.failures),
        rejected=tuple(outcome.rejected),
        dropped=tuple(outcome.dropped.items()),
    )
