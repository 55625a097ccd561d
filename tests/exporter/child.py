"""A reader child without a process: it says what the real one would say of some devices."""

from collections.abc import Callable, Mapping

from catalog.snapshot import Tier
from probes.collectors import COLLECTORS
from probes.driver import Device, Driver
from probes.messages import DriverState, Found, Health, Up
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.worker import PERIODS, Layouts, message

NOW = 1_795_518_000.5


class Child:
    """Reads *devices* when it is told to; *hear* gets the messages."""

    def __init__(
        self,
        hear: Callable[[Up], None],
        driver: Driver,
        *,
        node: str = "node-7",
        every: bool = False,
        budgets: Mapping[str, int] | None = None,
    ) -> None:
        self._hear = hear
        devices = driver.devices()
        opened = tuple(device.index for device in devices)
        hear(DriverState(up=True, reason="", opened=opened))
        self.gpus = [_Gpu(hear, driver, device, node, budgets or {}) for device in devices]
        self._plan = {
            tier: tuple(c for c in COLLECTORS if c.tier is tier and (every or c.default))
            for tier in PERIODS
        }

    def read(self, at: float = NOW, *tiers: Tier) -> None:
        """One reading of each GPU, of these tiers or of all."""
        for gpu in self.gpus:
            for tier in tiers or PERIODS:
                outcome = gpu.reader.read(self._plan[tier])
                number, new = gpu.layouts.number(tier, outcome, gpu.uuid)
                if new:
                    self._hear(new)
                self._hear(message(number, at, outcome))

    def health(self, index: int, state: str, reason: str = "") -> None:
        """What it says of one GPU's state."""
        self._hear(Health(self.gpus[index].uuid, index, state, reason))


class _Gpu:
    def __init__(
        self,
        hear: Callable[[Up], None],
        driver: Driver,
        device: Device,
        node: str,
        budgets: Mapping[str, int],
    ) -> None:
        gpu = NvmlGpu(driver, device, node)
        self.uuid = gpu.identity.uuid
        self.reader = Reader(gpu, gpu.asker, budgets, lambda: 0.0)
        self.layouts = Layouts(device.index * 1000)
        hear(Found(gpu.identity))
