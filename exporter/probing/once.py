"""One run on demand, without an exporter: reads the GPU itself, asks the gate, runs the child, judges."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from catalog.errors import CollectorError
from catalog.probe import CHILD_MODULE, Result
from catalog.probe_skip import Skip
from catalog.snapshot import GpuView, Layout, Reading, Tier
from exporter.probing.process import start
from exporter.probing.run import Lab, Plan, run
from exporter.probing.settings import SIMULATED
from probes.active import gate
from probes.active.facts import environment, facts
from probes.active.pace import Pace
from probes.active.quantities import quantities
from probes.active.record import Health, Record
from probes.active.task import Task
from probes.active.trial import Trial, concluded
from probes.bench_gpu import BenchGpu
from probes.collectors import COLLECTORS
from probes.driver import Device, Driver
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it.

    Attributes:
        skip: why it did not run.
        trial, record: how it ended and what it says, if it ran.
    """

    view: GpuView
    task: Task
    skip: Skip | None = None
    trial: Trial | None = None
    record: Record | None = None

    @property
    def verdict(self) -> Health | None:
        """What this run says of the GPU, None if it says nothing."""
        record = self.record
        return record.verdict if record and record.verdict_at >= record.ran_at else None

    @property
    def result(self) -> Result | None:
        return self.trial.result if self.trial else None


class Bedside:
    """One GPU, read when it is asked for."""

    def __init__(self, driver: Driver, device: Device, clock: Clock, steady: Clock) -> None:
        self._driver = driver
        self._clock = clock
        gpu = NvmlGpu(driver, device)
        self._reader = Reader(gpu, gpu.asker, {}, steady)
        self.view = GpuView(identity=gpu.identity, state="ok", reason="")
        for tier in (Tier.ONCE, Tier.SLOW, Tier.MEDIUM, Tier.FAST):
            self.read(tier)

    def read(self, tier: Tier) -> None:
        """Read one tier."""
        at = self._clock()
        chosen = [each for each in COLLECTORS if each.tier is tier and each.default]
        samples = self._reader.read(chosen).samples
        layout = Layout(tuple((sample.metric, sample.labels) for sample in samples))
        values = tuple(sample.value for sample in samples)
        self.view = self.view.with_reading(tier, Reading(at=at, layout=layout, values=values))

    async def read_now(self, _uuid: str, tier: Tier) -> None:
        """The same, as a run asks for it."""
        self.read(tier)

    async def bench(self, uuid: str, probe: str) -> BenchGpu:
        """What a probe finds here; only a simulated driver is asked."""
        bench: Callable[[str, str], BenchGpu] | None = getattr(self._driver, "bench", None)
        if bench is None:
            raise CollectorError("only a simulated GPU knows what a probe would find")
        return bench(uuid, probe)

    def lab(self) -> Lab:
        """What a run on this GPU needs."""
        return Lab(
            start=start,
            read_now=self.read_now,
            view=lambda _uuid: self.view,
            bench=self.bench,
            wall=self._clock,
        )

    @property
    def child(self) -> str:
        """The module that probes it."""
        return SIMULATED if hasattr(self._driver, "bench") else CHILD_MODULE


async def once(
    bedside: Bedside, task: Task, peer: str | None, record: Record, *, forced: bool
) -> Report:
    """Run *task* now.

    Args:
        bedside: the GPU.
        task: what to run.
        peer: the other GPU, where the probe needs one.
        record: what is known of it; its baselines are compared with and stay as they are.
        forced: run although the gate refuses.
    """
    view, lab, pace = bedside.view, bedside.lab(), Pace()
    skip = gate.unfit(task, facts(view), lab.wall(), pace)
    if skip and not forced:
        return Report(view=view, task=task, skip=skip)
    plan = Plan(
        child=bedside.child,
        uuid=view.identity.uuid,
        task=task,
        facts=facts(view),
        peer=peer,
        budget=pace.budget,
        deadline=pace.deadline,
    )
    trial = (await run(lab, plan, asyncio.Event())).trial
    if trial is None:
        return Report(view=view, task=task, skip=Skip.RELEASED)
    now = lab.wall()
    measured = quantities(task, trial.result, bedside.view, {}, now) if trial.result else ()
    after = concluded(record, trial, measured, environment(bedside.view), now)
    return Report(view=bedside.view, task=task, trial=trial, record=after)
