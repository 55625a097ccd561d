"""Whether a healthy fleet lets people sleep. `python -m benchmarks.healthy_fleet [--hours 24]`.

The fleet of `gpuvitals simulate` runs on a clock that is put forward; what it exports in the families that rules read is backfilled into a
real Prometheus, and every alert's expression is evaluated over the whole time.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

from alerts.policies import ALL
from alerts.policy import Policy, Severity
from benchmarks.alert_path import BIN, READ
from benchmarks.results import Figure, Section, publish
from catalog import scrape
from exporter.exposition import Format
from exporter.fleet.node import FleetNode
from exporter.standing_clock import StandingClock
from probes.sim.board import GpuSpec
from probes.sim.models import MODELS
from probes.sim.scenario import Scenario
from probes.sim.workload import Profile
from tests.prometheus import Points
from tests.slo.backfill import Past

JOB = "gpuvitals"
STEP = 60
_HOUR, _MINUTE = 3600.0, 60.0
_NODES, _GPUS = 10, 8
_READINGS = 4
"""Of each GPU between two scrapes."""
_WORK = (Profile.TRAINING, Profile.BATCH, Profile.INFERENCE, Profile.BATCH, Profile.IDLE)
"""Of nodes one after the other; jobs of a batch come and go every quarter of an hour."""
_RESTARTS = 4
"""Of each exporter, at any time."""
_GAP = (0.35, 3 * _MINUTE)
"""When Prometheus restarts, as a share of the time, and for how long it does not scrape."""
_UPGRADE = (0.6, 10 * _MINUTE)
"""When the driver of the first node is upgraded, and for how long its exporter lets go; the other nodes follow."""
_UNITS = {"s": 1.0, "m": _MINUTE, "h": _HOUR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happens to one node.

    Attributes:
        restarts: when its exporter dies, and for how many seconds it is away.
        upgrade: when its driver is upgraded.
    """

    place: int
    begin: float
    hours: float
    restarts: tuple[tuple[float, float], ...]
    upgrade: float

    @property
    def steps(self) -> int:
        return int(self.hours * _HOUR / STEP)


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    options = parser.parse_args(arguments)
    begin = time.time() // _HOUR * _HOUR - (options.hours + 1) * _HOUR
    days = [_day(place, begin, options.hours) for place in range(_NODES)]
    with tempfile.TemporaryDirectory(prefix="gpuvitals-healthy-") as name:
        folder = Path(name)
        past = Past(lambda program: BIN / program, folder)
        with ProcessPoolExecutor() as pool:
            files = list(pool.map(_lived, days, [folder] * len(days)))
        series, samples = set[str](), 0
        lines = chain(chain.from_iterable(map(_lines, files)), ["# EOF\n"])

        def counted() -> Iterator[str]:
            nonlocal samples
            for line in lines:
                samples += 1
                series.add(line.partition("} ")[0])
                yield line

        past.scrapes(counted())
        told = list(_told(past, begin, options.hours))
    publish(
        _section(told, options.hours, len(series) - 1, samples - 1),
        "benchmarks.healthy_fleet",
        arguments,
    )


def _day(place: int, begin: float, hours: float) -> Day:
    rng = random.Random(place)  # noqa: S311 - when an exporter restarts is no secret
    length = hours * _HOUR
    restarts = sorted(
        (begin + rng.uniform(0.02, 0.98) * length, rng.uniform(5, 75)) for _ in range(_RESTARTS)
    )
    upgrade = begin + _UPGRADE[0] * length + place * 1.5 * _UPGRADE[1]
    return Day(place=place, begin=begin, hours=hours, restarts=tuple(restarts), upgrade=upgrade)


def _lived(day: Day, folder: Path) -> Path:
    """A file of what Prometheus would have scraped of one node."""
    file = folder / f"{day.place}.txt"
    with file.open("w", encoding="utf-8") as output:
        output.writelines(_scrapes(day))
    return file


def _scrapes(day: Day) -> Iterator[str]:
    clock = StandingClock(day.begin)
    gpu = GpuSpec(model=MODELS["H100"], workload=_WORK[day.place % len(_WORK)])
    name = f"node-{day.place + 1:03d}"
    node = FleetNode(
        Scenario(node=name, seed=day.place, gpus=(gpu,) * _GPUS), day.begin, clock, _READINGS
    )
    target = f'job="{JOB}",instance="{name}"'
    due = [*day.restarts, (day.upgrade, 0.0)]
    for step in range(day.steps):
        at = day.begin + step * STEP
        while due and min(due)[0] <= at:
            event = min(due)
            due.remove(event)
            clock.now = max(clock.now, event[0])
            if event[1]:
                node.stop(event[1])
            else:
                node.release(_UPGRADE[1])
        clock.now = at
        node.advance()
        if _away(at, day.begin, day.hours):
            continue
        yield f"{scrape.UP.name}{{{target}}} {int(not node.down)} {at:.0f}\n"
        if not node.down:
            yield from _samples(node, target, at)


def _samples(node: FleetNode, target: str, at: float) -> Iterator[str]:
    for line in node.scrapes.body(Format.TEXT, READ).decode().splitlines():
        if line.startswith("#"):
            continue
        series, _, value = line.rpartition(" ")
        name, _, labels = series.partition("{")
        own_labels = f",{labels}" if labels else "}"
        yield f"{name}{{{target}{own_labels} {value} {at:.0f}\n"


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        yield from lines


def _away(at: float, begin: float, hours: float) -> bool:
    """Whether Prometheus restarts then: it neither scrapes nor evaluates."""
    gap = begin + _GAP[0] * hours * _HOUR
    return gap <= at < gap + _GAP[1]


def _told(past: Past, begin: float, hours: float) -> Iterator[tuple[Policy, int]]:
    """How often each alert fires."""
    end = begin + hours * _HOUR
    grid = [begin + step * STEP for step in range(int(hours * _HOUR / STEP) + 1)]
    evaluated = [at for at in grid if not _away(at, begin, hours)]
    with past.server() as server:
        for policy in ALL:
            found = server.over(policy.expr.text(JOB), begin, end, STEP)
            yield policy, sum(_fires(points, policy, evaluated) for points in found.values())


def _fires(points: Points, policy: Policy, evaluated: Sequence[float]) -> int:
    """How often the alert of one series fires: its condition held at every evaluation for as long as it must."""
    lasting = float(policy.lasting[:-1]) * _UNITS[policy.lasting[-1]] if policy.lasting else 0.0
    held = {at for at, _ in points}
    runs = (list(times) for holds, times in groupby(evaluated, held.__contains__) if holds)
    return sum(run[-1] - run[0] >= lasting for run in runs)


def _section(
    told: Sequence[tuple[Policy, int]], hours: float, series: int, samples: int
) -> Section:
    pages = sum(times for policy, times in told if policy.severity is Severity.PAGE)
    tickets = {
        policy.name: times
        for policy, times in told
        if times and policy.severity is Severity.TICKET
    }
    paging = {
        policy.name: times for policy, times in told if times and policy.severity is Severity.PAGE
    }
    figures = (
        Figure(
            name=f"pages in {hours:g} hours",
            value=f"{pages}{_named(paging)}",
            target="0",
            met=pages == 0,
        ),
        Figure(name="tickets", value=f"{sum(tickets.values())}{_named(tickets)}"),
        Figure(name="series", value=f"{series}"),
        Figure(name="samples", value=f"{samples}"),
    )
    note = (
        f"{_NODES} nodes of {_GPUS} simulated H100s: training, inference, idle ones, and batches whose jobs come and go every quarter of an "
        f"hour; each exporter restarts {_RESTARTS} times (away for 5 to 75 s), Prometheus once (no scrape for {_GAP[1]:.0f} s), and the driver "
        f"of one node after the other is upgraded, announced by `release` for {_UPGRADE[1]:.0f} s. Scraped and evaluated every {STEP} s, only the "
        f"families that rules read, GPUs read {_READINGS} times as often. The fleet is not probed and nobody says whose its GPUs are, so alerts about those have no series here."
    )
    return Section(title="healthy_fleet", note=note, figures=figures)


def _named(found: dict[str, int]) -> str:
    return f" ({', '.join(f'{name} {times}' for name, times in found.items())})" if found else ""


if __name__ == "__main__":
    main(sys.argv[1:])
