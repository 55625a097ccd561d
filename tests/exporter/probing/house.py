"""A prober on simulated GPUs with real children, its clock and its store in a test's hands."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from catalog.errors import CollectorError
from catalog.event import Event
from catalog.metric import Metric
from catalog.snapshot import GpuView, Reading, Snapshot, Tier
from exporter.probing.once import Bedside
from exporter.probing.prober import Prober
from exporter.probing.process import Process, start
from exporter.probing.run import Lab
from exporter.probing.settings import SIMULATED, Settings
from exporter.probing.totals import ProbeTotals
from exporter.probing.ward import Ward, Wiring
from history.minute import Key
from probes.active.pace import Pace
from probes.active.record import Health, Record
from probes.active.schedule import Slot
from probes.active.task import BY_NAME, Task
from probes.bench_gpu import BenchGpu
from probes.sim.board import GpuSpec
from probes.sim.driver import SimDriver
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from probes.sim.workload import Profile

NOW = 1_700_000_000.0
SOON = Pace(period_a=600.0, settle=0.0)
Start = Callable[[str, bytes], Process]


@dataclass
class House:
    """A node with some GPUs.

    Attributes:
        now: seconds on both clocks.
        shown: the newest reading of each tier by GPU.
    """

    gpus: int = 1
    workload: Profile = Profile.IDLE
    pace: Pace = SOON
    starting: Start = start
    kept: dict[str, dict[str, Record]] = field(default_factory=dict)
    totals: dict[Key, float] = field(default_factory=dict)
    enabled: frozenset[str] = frozenset(BY_NAME)
    now: float = NOW
    events: list[Event] = field(default_factory=list)
    verdicts: list[tuple[str, str, Record]] = field(default_factory=list)
    shown: dict[tuple[str, Tier], Reading] = field(default_factory=dict)
    counted: list[Metric] = field(default_factory=list)
    read: list[Tier] = field(default_factory=list)
    views: dict[str, GpuView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spec = GpuSpec(model=MODELS["H200"], workload=self.workload)
        self.driver = SimDriver(Scenario(gpus=(spec,) * self.gpus), lambda: self.now)
        for device in self.driver.devices():
            found = Bedside(self.driver, device, lambda: self.now, lambda: 0.0).view
            self.views[found.identity.uuid] = found
        self.uuids = tuple(self.views)
        self.settings = Settings(child=SIMULATED, absent="", enabled=self.enabled, pace=self.pace)
        ward = Ward(self._wiring(), ProbeTotals(self.totals), self.kept)
        self.prober = Prober(ward, self.settings, seed=1)
        for uuid in self.uuids:
            self.prober.welcome(uuid)

    def _wiring(self) -> Wiring:
        lab = Lab(
            start=self.starting,
            read_now=self._read_now,
            view=self._view,
            bench=self._bench,
            wall=lambda: self.now,
        )
        return Wiring(
            lab=lab,
            snapshot=lambda: Snapshot(driver_up=True, gpus=dict(self.views)),
            show=self._show,
            store=lambda _uuid, _reading: None,
            keep=self._keep,
            happened=self.events.append,
            judged=self._judged,
            count=self.counted.append,
            steady=lambda: self.now,
        )

    def _view(self, uuid: str) -> GpuView | None:
        return self.views.get(uuid)

    async def _read_now(self, uuid: str, tier: Tier) -> None:
        if uuid not in self.views:
            raise CollectorError("it is gone")
        for device in self.driver.devices():
            bedside = Bedside(self.driver, device, lambda: self.now, lambda: 0.0)
            if bedside.view.identity.uuid == uuid:
                view = self.views[uuid]
                self.views[uuid] = replace(view, readings=bedside.view.readings)
        self.read.append(tier)

    async def _bench(self, uuid: str, probe: str) -> BenchGpu:
        return self.driver.bench(uuid, probe)

    async def _keep(self, uuid: str, records: dict[str, Record]) -> None:
        self.kept[uuid] = dict(records)

    def _show(self, uuid: str, tier: Tier, reading: Reading) -> None:
        self.shown[uuid, tier] = reading

    def _judged(self, uuid: str, task: Task, record: Record, _verdict: Health | None) -> None:
        self.verdicts.append((uuid, task.name, record))

    # -- what a test asks ----------------------------------------------------------------------------------------------

    async def probe(self, task: str, gpu: int = 0) -> Record:
        """Let *task* have its turn on one GPU; what is known of it then."""
        uuid = self.uuids[gpu]
        await self.prober._turn(Slot(uuid, task))
        return self.prober.ward.patients[uuid].records.get(task, Record())

    def fault(self, **fault: object) -> None:
        """Let a fault happen."""
        self.driver.inject(fault)

    def total(self, name: str, *labels: str, gpu: int = 0) -> float | None:
        """A counter as it is kept."""
        found = self.prober.ward.totals.totals
        keys = [key for key in found if (key.metric.name, key.labels) == (name, labels)]
        return next((found[key] for key in keys if key.uuid == self.uuids[gpu]), None)

    def value(self, tier: Tier, name: str, *labels: str, gpu: int = 0) -> float | None:
        """A sample as it is shown."""
        reading = self.shown[self.uuids[gpu], tier]
        return next(
            (
                sample.value
                for sample in reading.samples()
                if (sample.metric.name, sample.labels) == (name, labels)
            ),
            None,
        )
