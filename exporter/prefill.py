"""Fills a history from a recording, as if the exporter had watched it until now, so that no chart starts empty."""

from collections.abc import Callable, Iterator

from catalog.errors import GpuLost
from catalog.snapshot import Layout, Reading, Series, Tier
from exporter.hub import Listener
from exporter.integrals import Integrals
from exporter.standing_clock import StandingClock
from history.database import Database
from history.question import MINUTE
from history.repetition import repeat
from history.rollup import Rollup
from history.sqlite import SqliteHistory
from history.totals import Totals
from probes.collectors import by_tier
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.replay import ReplayDriver
from probes.worker import PERIODS

_KEPT = tuple(by_tier().items())


_HOUR = 3600
_RECENT = 960
"""Seconds up to now that are played last, for listeners that look back 15 minutes."""


def fill(
    database: Database,
    open_driver: Callable[[StandingClock], ReplayDriver],
    clock: Callable[[], float],
    listeners: tuple[Listener, ...],
    days: int,
) -> None:
    """The last *days*: the newest hour as it is played, before it the same again and again."""
    now = clock()
    start = (int(now) // _HOUR - 1) * _HOUR
    playing = StandingClock(
        start - MINUTE
    )  # what a counter gains in its first minute nobody can tell
    driver = open_driver(playing)
    Prefill(database).play(driver, playing, lambda: (now - _RECENT) // MINUTE * MINUTE)
    totals = Totals(database)
    totals.save(repeat(database, start, days, totals.load()))
    Prefill(database, listeners).play(driver, playing, clock)


class Prefill:
    """Plays a recording into the history in *database*, and to *listeners* as the hub would."""

    def __init__(self, database: Database, listeners: tuple[Listener, ...] = ()) -> None:
        self._listeners = listeners
        self._database = database
        self._history = SqliteHistory(database)
        self._totals = Totals(database)
        self._rollup = Rollup(self._history.last_counters())
        self._integrals = Integrals(self._totals.load())
        self._layouts: dict[tuple[str, Tier], Layout] = {}

    def play(self, driver: ReplayDriver, clock: StandingClock, until: Callable[[], float]) -> None:
        """Read *driver* second by second until *until*, which may be on the move."""
        gpus = [NvmlGpu(driver, device) for device in driver.devices()]
        readers = [(gpu.identity.uuid, Reader(gpu, gpu.asker, {}, clock)) for gpu in gpus]
        began = clock.now
        while clock.now < until():
            for uuid, reader in readers:
                for tier, reading in self._due(uuid, reader, clock.now, began):
                    self._observe(uuid, tier, reading)
            clock.now += PERIODS[Tier.FAST]
        with self._database.transaction():
            self._history.append(self._rollup.flush(clock.now))
            self._totals.save(self._integrals.totals)

    def _due(
        self, uuid: str, reader: Reader, now: float, began: float
    ) -> Iterator[tuple[Tier, Reading]]:
        for tier, collectors in _KEPT:
            if (now - began) % PERIODS[tier]:
                continue
            try:
                outcome = reader.read(collectors)
            except GpuLost:
                return
            series: tuple[Series, ...] = tuple((s.metric, s.labels) for s in outcome.samples)
            layout = self._layouts.get((uuid, tier))
            if layout is None or layout.series != series:
                layout = self._layouts[uuid, tier] = Layout(series)
            values = tuple(sample.value for sample in outcome.samples)
            yield tier, Reading(at=now, layout=layout, values=values)

    def _observe(self, uuid: str, tier: Tier, reading: Reading) -> None:
        self._rollup.observe(uuid, reading)
        self._integrals.observe(uuid, tier, reading)
        for listener in self._listeners:
            listener(uuid, tier, reading)
        if tier is Tier.FAST:
            self._rollup.observe(uuid, self._integrals.reading(uuid, reading.at))
