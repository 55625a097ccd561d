"""Joins the probes to the rest of the exporter."""

import logging
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog.event import Event
from catalog.snapshot import Tier
from exporter.config import Config
from exporter.hub import Hub
from exporter.probing.prober import Prober
from exporter.probing.process import start
from exporter.probing.run import Lab
from exporter.probing.settings import Settings, settings
from exporter.probing.totals import ProbeTotals
from exporter.probing.ward import Ward, Wiring
from exporter.prometheus import Instruments
from exporter.reader import ReaderProcess
from exporter.storekeeper import Storekeeper
from history.minute import Key
from probes.active.record import Health, Record
from probes.active.task import Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the probes need of the exporter."""

    hub: Hub
    reader: ReaderProcess
    store: Storekeeper
    instruments: Instruments
    clock: Callable[[], float]
    happened: Callable[[Event], None]
    judged: Callable[[str, Task, Record, Health | None], None]


def join(config: Config, parts: Parts, kept: Mapping[Key, float]) -> Prober:
    """The prober of this node.

    Raises:
        ConfigError: its settings are wrong.
    """
    hub, notes = parts.hub, parts.store.probe_notes()
    lab = Lab(
        start=start,
        read_now=parts.reader.read_now,
        view=hub.view,
        bench=parts.reader.bench,
        wall=parts.clock,
    )
    wiring = Wiring(
        lab=lab,
        snapshot=lambda: hub.latest,
        show=hub.reading,
        store=lambda uuid, reading: parts.store.keep(uuid, reading, Tier.PROBE_TOTALS),
        keep=notes.keep,
        happened=parts.happened,
        judged=parts.judged,
        count=parts.instruments.add,
        steady=time.monotonic,
    )
    chosen = settings(config)
    _say(chosen)
    ward = Ward(wiring, ProbeTotals(kept), notes.load())
    # Each node its own times, the same after every restart.
    return Prober(ward, chosen, seed=zlib.crc32(config.node.encode()))


def _say(chosen: Settings) -> None:
    if chosen.child is None:
        logger.info("probes.absent", extra={"reason": chosen.absent})
