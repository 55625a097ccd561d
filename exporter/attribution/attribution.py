"""Who uses which GPU: asks the sources, decides, shows and counts. Nothing here waits for a source to answer."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from catalog.metrics import exporter
from catalog.snapshot import Reading, Snapshot, Tier
from exporter.attribution import decision
from exporter.attribution.decision import UNKNOWN, Decision
from exporter.attribution.inventory import Inventory
from exporter.attribution.publishing import Publishing
from exporter.attribution.seconds import AllocationSeconds
from exporter.attribution.source import Clocks
from exporter.attribution.sources import open_sources
from exporter.config import Config
from exporter.hub import Hub
from exporter.integrals import Integrals
from exporter.prometheus import Instruments

logger = logging.getLogger(__name__)

_TICK = 1.0


class Attribution:
    """Keeps the hub told who uses which GPU.

    Args:
        config: which sources there are.
        hub: knows the GPUs and the processes on them, and is told.
        integrals: keeps the seconds.

    Raises:
        ConfigError: a source cannot be read with what is installed.
    """

    def __init__(
        self,
        config: Config,
        hub: Hub,
        integrals: Integrals,
        instruments: Instruments,
        clock: Callable[[], float],
    ) -> None:
        self._hub = hub
        self._instruments = instruments
        self._clock = clock
        self._seconds = AllocationSeconds(integrals)
        self._publishing = Publishing(hub)
        self._sources = open_sources(
            config, self._pids, instruments, Clocks(wall=clock, steady=time.monotonic)
        )
        self._seen: tuple[object, ...] = ()
        self._decided = Decision(allocations={})

    async def run(self) -> None:
        """Ask and decide until this task is cancelled."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources.all():
                group.create_task(source.run())
            while True:
                try:
                    self.decide()
                except Exception:  # a bug of ours costs the attribution, not the exporter
                    logger.exception("attribution.bug")
                await asyncio.sleep(_TICK)

    async def step(self) -> None:
        """Ask every source once, then decide."""
        for source in self._sources.all():
            await source.look()
        self.decide()

    def decide(self) -> None:
        """Put together what the sources say now, if any of it or any GPU changed."""
        if not any(True for _ in self._sources.all()):
            return
        told = self._sources.told(self._decided.claimed)
        seen = (told.kubelet, told.jobs, told.owners, *_marks(self._hub.latest))
        if len(seen) == len(self._seen) and all(map(_same, seen, self._seen)):
            return
        self._seen = seen
        before = self._decided
        self._decided = decision.decide(Inventory(self._hub.latest), told)
        self._show(before)

    def allocatable(self) -> int:
        """How many GPUs of this node the cluster hands out; 0 if nobody says."""
        return len(self._decided.allocatable)

    def observe(self, uuid: str, reading: Reading) -> None:
        """Count the second that a fast *reading* ends."""
        self._seconds.observe(self._hub.latest.gpus[uuid], reading)

    def _show(self, before: Decision) -> None:
        now = self._decided
        for uuid in self._hub.latest.gpus:
            allocation = now.allocations.get(uuid, UNKNOWN)
            self._publishing.show(uuid, allocation, self._clock())
            self._seconds.know(uuid, allocation.share)
        if self._sources.kubelet:
            begun = now.ambiguous - before.ambiguous
            self._instruments.add(exporter.ATTRIBUTION_AMBIGUOUS, len(begun))
            self._instruments.set(exporter.ATTRIBUTION_STRANGE, len(now.strange))
            for device in begun:
                logger.warning("attribution.ambiguous", extra={"device": device.names[0]})

    def _pids(self) -> Mapping[str, tuple[int, ...]]:
        return {uuid: view.pids for uuid, view in self._hub.latest.gpus.items()}


def _same(one: object, other: object) -> bool:
    return one is other or one == other


def _marks(snapshot: Snapshot) -> list[object]:
    """What changes when GPUs or instances do: layouts are the same objects as long as their series are."""
    return [
        (
            uuid,
            view.identity,
            *(view.readings[tier].layout for tier in _TOLD if tier in view.readings),
        )
        for uuid, view in snapshot.gpus.items()
    ]


_TOLD = (Tier.ONCE, Tier.SLOW, Tier.ALLOCATED)
"""Who a GPU is, which instances it has, and what we said of it, which is gone when the GPU was forgotten."""
