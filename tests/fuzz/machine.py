"""One simulated GPU, read once: what a reader child would send of it."""

from collections.abc import Iterator

from catalog.event import Event, EventKind, Severity
from catalog.snapshot import Tier
from probes.collectors import COLLECTORS
from probes.driver import Driver
from probes.messages import (
    Beat,
    DriverState,
    Enumerated,
    EventsFailed,
    Found,
    Happened,
    Health,
    NewReading,
    Reply,
    Up,
)
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.sim.board import GpuSpec
from probes.sim.driver import SimDriver
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from probes.worker import PERIODS, Layouts, message

NOW = 1_795_518_000.0
SCENARIO = Scenario(node="fuzz", gpus=(GpuSpec(model=MODELS["H100"]),))


def messages(at: float = NOW) -> Iterator[Up]:
    """One of each kind, the readings of every tier among them."""
    driver = SimDriver(SCENARIO, lambda: at)
    gpu = NvmlGpu(driver, driver.devices()[0], "fuzz")
    uuid = gpu.identity.uuid
    yield Beat()
    yield DriverState(up=True, reason="")
    yield Found(gpu.identity)
    yield Enumerated((uuid,), 1)
    yield Health(uuid, 0, "ok", "")
    yield from readings(gpu, at)
    kind, severity = EventKind.XID, Severity.CRITICAL
    yield Happened(
        Event(at=at, kind=kind, severity=severity, message="Xid 79", uuid=uuid, code=79)
    )
    yield EventsFailed("unknown")
    yield Health(uuid, 0, "hung", "a call has not returned for 4 s")
    yield Reply(1, None)


def readings(gpu: NvmlGpu, at: float) -> Iterator[Up]:
    """Every tier, each with its layout before it."""
    reader = Reader(gpu, gpu.asker, {}, lambda: 0.0)
    layouts = Layouts(0)
    for tier in (Tier.ONCE, *PERIODS):
        outcome = reader.read([collector for collector in COLLECTORS if collector.tier is tier])
        number, new = layouts.number(tier, outcome, gpu.identity.uuid)
        if new:
            yield new
        reading = message(number, at, outcome)
        yield NewReading(reading.layout, at, reading.values, reading.durations[:2])


def read_all(driver: Driver) -> None:
    """Ask each GPU of *driver* what a reader child asks."""
    for device in driver.devices():
        gpu = NvmlGpu(driver, device, "fuzz")
        for _ in readings(gpu, NOW):
            pass
