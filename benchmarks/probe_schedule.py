"""What the schedule of the active probes costs between two runs. `python -m benchmarks.probe_schedule [--seconds 60]`.

The exporter's own prober waits for probes that are not due yet, hears the readings of 8 GPUs and counts the time in which they could
be probed; nothing else runs in the process.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence
from types import MappingProxyType

from benchmarks.results import Section, limit, publish
from catalog.errors import CollectorError
from catalog.snapshot import GpuView, Reading, Snapshot, Tier
from exporter.hub import Hub
from exporter.probing.once import Bedside
from exporter.probing.prober import Prober
from exporter.probing.process import start
from exporter.probing.run import Lab
from exporter.probing.settings import SIMULATED, Settings
from exporter.probing.totals import ProbeTotals
from exporter.probing.ward import Ward, Wiring
from probes.active.pace import Pace
from probes.active.record import Record
from probes.active.task import BY_NAME
from probes.bench_gpu import BenchGpu
from probes.sim.board import GpuSpec
from probes.sim.driver import SimDriver
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from probes.sim.workload import Profile
from probes.worker import PERIODS

_GPUS = 8
_MOST_PERCENT = 0.05


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(arguments)
    share = asyncio.run(_share(options.seconds))
    note = (
        f"{_GPUS} idle GPUs, {options.seconds:.0f} s in which no probe is due: processor time of the prober, its timer and what it "
        "makes of a reading per GPU every 10 s."
    )
    figure = limit("share of one core", share * 100, _MOST_PERCENT, "%")
    publish(
        Section(title="probe schedule", note=note, figures=(figure,)),
        "benchmarks.probe_schedule",
        arguments,
    )


async def _share(seconds: float) -> float:
    prober = Prober(Ward(_wiring(_views()), ProbeTotals({}), {}), _settings(), seed=0)
    for uuid in prober.ward.wiring.snapshot().gpus:
        prober.welcome(uuid)
    running = asyncio.create_task(prober.run())
    began, spent = time.monotonic(), time.process_time()
    while (left := began + seconds - time.monotonic()) > 0:
        for uuid in prober.ward.patients:
            prober.observe(uuid)
        await asyncio.sleep(min(left, PERIODS[Tier.MEDIUM]))
    spent = time.process_time() - spent
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return spent / seconds


def _settings() -> Settings:
    far = Pace(settle=86_400.0)
    return Settings(child=SIMULATED, absent="", enabled=frozenset(BY_NAME), pace=far)


def _views() -> dict[str, GpuView]:
    spec = GpuSpec(model=MODELS["H100"], workload=Profile.IDLE)
    driver = SimDriver(Scenario(gpus=(spec,) * _GPUS), time.time)
    beds = [Bedside(driver, each, time.time, time.monotonic) for each in driver.devices()]
    return {bed.view.identity.uuid: bed.view for bed in beds}


def _wiring(views: dict[str, GpuView]) -> Wiring:
    hub = Hub()
    hub.latest = Snapshot(driver_up=True, gpus=MappingProxyType(views))
    lab = Lab(start=start, read_now=_read_now, view=hub.view, bench=_bench, wall=time.time)
    return Wiring(
        lab=lab,
        snapshot=lambda: hub.latest,
        show=hub.reading,
        store=_store,
        keep=_keep,
        happened=lambda _event: None,
        judged=lambda *_: None,
        count=lambda _metric: None,
        steady=time.monotonic,
    )


async def _read_now(uuid: str, _tier: Tier) -> None:
    raise CollectorError(f"nothing is due, and {uuid} is not read")


async def _bench(uuid: str, _probe: str) -> BenchGpu:
    raise CollectorError(f"nothing is due, and {uuid} is not probed")


async def _keep(_uuid: str, _records: dict[str, Record]) -> None:
    """Nothing is found."""


def _store(_uuid: str, _reading: Reading) -> None:
    """The totals' pages are history's to measure."""


if __name__ == "__main__":
    main(sys.argv[1:])
