"""One GPU of a simulated node, read as a reader child would, without waiting for a driver that hangs."""

from collections.abc import Callable, Collection

from catalog.errors import GpuLost
from catalog.snapshot import Tier
from probes.collectors import by_tier
from probes.deadline import CALL, OK, Verdict
from probes.driver import Device
from probes.messages import Found, Health, Up
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.sim.driver import SimDriver
from probes.worker import PERIODS, Layouts, message

_PLAN = by_tier()
_BLOCKED = Verdict("unknown", "driver_blocked")

Hear = Callable[[Up], None]


class FleetGpu:
    """The GPU that *device* is; its node's exporter hears what a reader child would send.

    Attributes:
        uuid: it keeps it, whatever happens to the GPU.
    """

    def __init__(
        self, driver: SimDriver, device: Device, node: str, clock: Callable[[], float]
    ) -> None:
        gpu = NvmlGpu(driver, device, node)
        self.identity = gpu.identity
        self.uuid = gpu.identity.uuid
        self._driver = driver
        self._reader = Reader(gpu, gpu.asker, {}, clock)
        self._verdict = OK
        self._layouts = Layouts(0)
        self._hear: Hear = _nobody

    def introduce(self, hear: Hear) -> None:
        """From now on *hear* is told, as if another exporter had been started."""
        self._hear = hear
        self._layouts = Layouts(self.identity.index * 1_000)
        hear(Found(self.identity))
        self._tell()

    def read(self, tiers: Collection[Tier], at: float) -> bool:
        """Read *tiers*, or all of them if it did not answer the last time; whether it answers now."""
        verdict = self._stuck(at)
        if verdict is None:
            verdict = self._read(PERIODS if self._verdict != OK else tiers, at)
        if verdict != self._verdict:
            self._verdict = verdict
            self._tell()
        return verdict == OK

    def _stuck(self, at: float) -> Verdict | None:
        """What a question is stuck in, None if it would be answered; nothing is said before its deadline."""
        hang = self._driver.hang(self.identity.index)
        if hang is None:
            return None
        waited = at - hang.begin
        if waited <= CALL:
            return self._verdict
        if hang.fault.gpu != self.identity.index:
            return _BLOCKED
        return Verdict("hung", f"a call has not returned for {CALL:.0f} s")

    def _read(self, tiers: Collection[Tier], at: float) -> Verdict:
        try:
            for tier in tiers:
                outcome = self._reader.read(_PLAN[tier])
                layout, new = self._layouts.number(tier, outcome, self.uuid)
                if new:
                    self._hear(new)
                self._hear(message(layout, at, outcome))
        except GpuLost as error:
            return Verdict("lost", str(error))
        return OK

    def _tell(self) -> None:
        verdict = self._verdict
        self._hear(Health(self.uuid, self.identity.index, verdict.state, verdict.reason))


def _nobody(_message: Up) -> None:
    """Before the first exporter runs nobody hears."""
