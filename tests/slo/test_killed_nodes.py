"""A simulated fleet, of which some nodes are killed, before the rules of the shipped objective: a dead node stays in the denominator."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientError
from aiohttp.test_utils import TestClient, TestServer

from catalog.metrics.availability import AVAILABLE, EXPECTED
from exporter.fleet.fleet import Fleet
from exporter.fleet.http import build
from exporter.fleet.spec import FleetSpec
from exporter.standing_clock import StandingClock
from probes.sim.board import GpuSpec
from probes.sim.models import MODELS
from slo.objective import TILE, Objective
from slo.openslo.folder import Folder
from slo.openslo.objectives import objectives
from slo.shipped import METRICS, files
from tests.slo.judging import Samples, judge

pytestmark = pytest.mark.tools

START = 1_795_472_400.0
NODES, KILLED = 40, 5
BEFORE, DEAD, AFTER = 2, 2, 2
"""Tiles."""
TILES = BEFORE + DEAD + AFTER
SHARE = "slo:bad:sum30d / slo:total:sum30d"


async def scraped(client: TestClient, names: Iterable[str]) -> dict[str, float]:  # type: ignore[type-arg] # aiohttp's own does not say of what
    """What Prometheus would see now, with the pool that its settings give each target."""
    found = {}
    for name in names:
        try:
            async with client.get(
                f"/nodes/{name}/metrics",
                params=[("name[]", one.name) for one in (AVAILABLE, EXPECTED)],
            ) as answer:
                text = await answer.text()
        except ClientError:
            continue  # nobody answers: its series vanish
        for line in text.splitlines():
            series, _, value = line.rpartition(" ")
            if not line.startswith("#"):
                target = f'job="gpuvitals",instance="{name}",pool="training"'
                found[series.replace("{", f"{{{target},", 1)] = float(value)
    return found


@pytest.fixture(scope="module")
def objective(tmp_path_factory: pytest.TempPathFactory) -> Objective:
    """The shipped one."""
    folder = tmp_path_factory.mktemp("slos")
    for name, text in files(["gpu-availability"], METRICS[0]).items():
        (folder / name).write_text(text, encoding="utf-8")
    (found,) = objectives(Folder.load(folder))
    return found


@pytest.fixture(scope="module")
def series() -> dict[str, str]:
    """Scrapes of the fleet every five minutes; five nodes are killed, and come back ten minutes later."""
    return asyncio.run(_story())


async def _story() -> dict[str, str]:
    clock = StandingClock(START)
    spec = FleetSpec(nodes=NODES, gpus=1, gpu=GpuSpec(model=MODELS["A100"]))
    fleet = Fleet(spec, clock)
    found: dict[str, list[str]] = {}
    async with TestClient(TestServer(build(fleet, fault_injection=True))) as client:
        for tile in range(TILES + 1):
            clock.now = START + tile * TILE
            for series, value in (await scraped(client, fleet.names)).items():
                line = found.setdefault(series, ["_"] * (TILES + 1))
                line[tile] = f"{value:.17g}"
            order = {BEFORE: "stop", BEFORE + DEAD: "start"}.get(tile)
            for name in fleet.names[:KILLED] if order else ():
                async with client.post(f"/nodes/{name}/api/v1/{order}", json={}) as answer:
                    assert answer.status == 202
    return {series: " _x4 ".join(values) for series, values in found.items()}


def equal(expression: str, value: float) -> str:
    """1 if it is so, to 1e-9."""
    return f"abs({expression} - {value!r}) < bool 1e-9"


def test_killing_5_of_40_nodes_costs_exactly_their_share(
    tool: Callable[[str], Path], tmp_path: Path, objective: Objective, series: dict[str, str]
) -> None:
    """While they are dead their series are gone, and what they should have given is missed; no second counts twice when they return."""
    dead = KILLED / NODES * DEAD
    returned = (
        KILLED / NODES * (DEAD + 1)
    )  # the first samples of a series tell how much it had, and not of when
    judge(
        tool("promtool"),
        tmp_path,
        objective,
        Samples(series=series),
        (equal(SHARE, 0.0), f"{BEFORE * 5}m", 1),
        (equal("slo:total:sum30d", NODES * (BEFORE + DEAD) * TILE), f"{(BEFORE + DEAD) * 5}m", 1),
        (equal(SHARE, dead / (BEFORE + DEAD)), f"{(BEFORE + DEAD) * 5}m", 1),
        (equal("slo:bad:tile5m", 0.0), f"{(BEFORE + DEAD) * 5}m", 1),
        (equal("slo:total:sum30d", NODES * TILES * TILE), f"{TILES * 5}m", 1),
        (equal(SHARE, returned / TILES), f"{TILES * 5}m", 1),
    )


def test_nodes_that_never_came_up_are_missed_where_they_are_listed(
    tool: Callable[[str], Path], tmp_path: Path, objective: Objective, series: dict[str, str]
) -> None:
    """Members that nobody ever saw cost what the others have."""
    gpus = {one: one.partition('uuid="')[2].partition('"')[0] for one in series}
    never = [f'instance="node-{number + 1:03d}"' for number in range(KILLED)]
    alive = {one: values for one, values in series.items() if not any(n in one for n in never)}
    listed = replace(
        objective, members=tuple(("training", gpu) for gpu in dict.fromkeys(gpus.values()))
    )
    judge(
        tool("promtool"),
        tmp_path,
        listed,
        Samples(series=alive),
        ("count(slo:member)", "10m", NODES),
        (
            equal(
                "sum(slo:silent:tile5m) / (sum(slo:silent:tile5m) + sum(slo:total:tile5m))",
                KILLED / NODES,
            ),
            f"{TILES * 5}m",
            1,
        ),
    )
