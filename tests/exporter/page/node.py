"""A node of H100s for the tests of this folder: readings made by hand, heard through the real hub."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from catalog.metric import Metric
from catalog.metrics import (
    clocks,
    ecc,
    memory,
    nvlink,
    pcie,
    power,
    processes,
    profiling,
    state,
    temperature,
    utilization,
)
from catalog.snapshot import Identity, Layout, Reading, Tier
from exporter.health import watch
from exporter.hub import Hub
from exporter.page.recent import Recent

NOW = 1_780_000_265.0  # 28 May 2026 20:31:05 UTC
GIB = 2**30

Row = tuple[Metric, tuple[str, ...], float]


def uuid(index: int) -> str:
    """The UUID of one GPU."""
    return f"GPU-00000000-0000-0000-0000-{index:012d}"


@dataclass(slots=True)
class Node:
    """Some GPUs, the hub that knows them and the memory that listens."""

    count: int = 2
    model: str = "NVIDIA H100 80GB HBM3"
    recent: Recent = field(default_factory=Recent)
    hub: Hub = field(init=False)
    now: float = NOW
    _watch: watch.Watch = field(init=False)
    layouts: dict[tuple[int, Tier], Layout] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hub = Hub((self._judge, self.recent.observe))
        self._watch = watch.Watch(
            self.hub,
            watch.Wiring(
                spend=lambda *_: None,
                publish=lambda *_: None,
                happened=lambda _: None,
                wall=lambda: self.now,
                steady=lambda: self.now,
            ),
        )
        self.hub.driver(up=True)
        for index in range(self.count):
            self.hub.found(
                Identity(
                    uuid=uuid(index),
                    index=index,
                    model=self.model,
                    pci_bus_id=f"00000000:{index:02X}:00.0",
                    node="node-7",
                )
            )
            self._watch.found(uuid(index))

    def _judge(self, of: str, tier: Tier, reading: Reading) -> None:
        self.now = reading.at
        self._watch.reading(of, tier, reading)

    def live(self, until: float = NOW, seconds: int = 900) -> "Node":
        """Let every GPU be read for *seconds* that end at *until*."""
        for second in range(-seconds, 1):
            for index in range(self.count):
                self.read(index, until + second)
        return self

    def read(self, index: int, at: float) -> None:
        """What one GPU says at one moment: each tier that is due."""
        self.tell(index, Tier.FAST, at, list(fast(index, at)))
        if int(at) % 10 == 0 or (index, Tier.MEDIUM) not in self.layouts:
            self.tell(index, Tier.MEDIUM, at, list(medium(index, at)))
        if int(at) % 60 == 0 or (index, Tier.SLOW) not in self.layouts:
            self.tell(index, Tier.SLOW, at, list(slow(index)))
        if (index, Tier.ONCE) not in self.layouts:
            self.tell(index, Tier.ONCE, at, list(once(index, self.model)))

    def tell(self, index: int, tier: Tier, at: float, rows: Sequence[Row]) -> None:
        """Let the hub hear *rows*."""
        series = tuple((metric, labels) for metric, labels, _ in rows)
        layout = self.layouts.get((index, tier))
        if layout is None or layout.series != series:
            layout = self.layouts[index, tier] = Layout(series)
        values = tuple(value for _, _, value in rows)
        self.hub.reading(uuid(index), tier, Reading(at=at, layout=layout, values=values))


def load(index: int, at: float) -> float:
    """How busy a GPU is, 0 to 1; GPU 7 is idle."""
    if index == 7:
        return 0.0
    wave = (
        0.78 + 0.16 * math.sin(at / (90 + 20 * index) + index) + 0.05 * math.sin(at * 1.7 + index)
    )
    return min(max(wave, 0.02), 1.0)


def fast(index: int, at: float) -> Iterator[Row]:
    """The one-second tier."""
    busy = load(index, at)
    yield utilization.UTILIZATION, (), round(busy, 2)
    yield utilization.MEMORY_CONTROLLER, (), round(busy * 0.4, 2)
    yield memory.TOTAL, (), 80.0 * GIB
    yield memory.USED, (), (3 + 66 * busy) * GIB
    yield power.NOW, (), 72 + 610 * busy
    yield clocks.CLOCK, ("sm",), (1980 - 200 * busy if busy else 345) * 1e6
    yield clocks.CLOCK, ("memory",), 2619e6
    yield clocks.PERFORMANCE_STATE, (), 0.0
    held = "gpu_idle" if not busy else "sw_power_cap" if busy > 0.8 else ""
    for reason in clocks.REASONS:
        yield clocks.EVENT_ACTIVE, (reason,), float(reason == held)
    yield processes.COUNT, ("compute",), float(busy > 0)


def medium(index: int, at: float) -> Iterator[Row]:
    """The ten-second tier."""
    busy = load(index, at - 8)
    yield temperature.TEMPERATURE, ("gpu",), round(32 + 38 * busy)
    yield temperature.TEMPERATURE, ("memory",), round(38 + 44 * busy)
    yield profiling.SM_ACTIVE, (), busy * 0.93
    yield profiling.TENSOR_ACTIVE, (), busy * 0.71
    yield profiling.DRAM_ACTIVE, (), busy * 0.35
    yield pcie.RECEIVE_RATE, (), busy * 12.5e9
    yield pcie.TRANSMIT_RATE, (), busy * 3.1e9
    yield power.ENERGY, (), 500.0 * (at - NOW + 1e6)
    yield nvlink.RECEIVE, (), 180e9 * (at - NOW + 1e5)
    yield nvlink.TRANSMIT, (), 175e9 * (at - NOW + 1e5)


def slow(index: int) -> Iterator[Row]:
    """The one-minute tier."""
    for kind in ecc.TYPES:
        for location in ecc.LOCATIONS:
            errors = 4.0 if (index, kind, location) == (2, "corrected", "dram") else 0.0
            yield ecc.ERRORS, (kind, location), errors
    yield ecc.REMAP_PENDING, (), float(index == 5)
    for action in ecc.ACTIONS:
        yield (
            ecc.RECOVERY_ACTION,
            (action,),
            float(action == ("gpu_reset" if index == 5 else "none")),
        )
    yield power.LIMIT, ("enforced",), 700.0
    yield pcie.GENERATION, (), 5.0
    yield pcie.WIDTH, (), 16.0


def once(index: int, model: str) -> Iterator[Row]:
    """What never changes."""
    info = {
        "model": model,
        "architecture": "Hopper",
        "compute_capability": "9.0",
        "pci_bus_id": f"00000000:{index:02X}:00.0",
        "serial": f"165042400{index:04d}",
        "board_part_number": "692-2G520-0200-000",
        "vbios": "96.00.74.00.01",
        "driver": "580.159.04",
        "cuda_driver": "13.0",
        "minor": str(index),
        "node": "node-7",
    }
    yield state.INFO, tuple(info[name] for name in state.INFO.labels), 1.0
    yield clocks.CLOCK_MAX, ("sm",), 1980e6
