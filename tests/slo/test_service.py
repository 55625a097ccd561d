"""The six objectives before a real service: real traffic, a real Prometheus, and time that passes 150 times as fast."""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from catalog import yamlfile
from catalog.rules.files import plain
from gpuvitals.cli import main
from slo.openslo.folder import Folder
from slo.openslo.objectives import objectives
from slo.rules import groups
from slo.shipped import files
from tests.exporter.server import eventually
from tests.prometheus import Prometheus, running
from tests.servers import free_port, get, started
from tests.slo.reference import events

pytestmark = pytest.mark.tools

SIX = ("availability", "response-time", "throughput", "error-rate", "recovery", "gpu-utilization")
FASTER = 150
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(?<=[\[:])(\d+)([smhd])(?=[\]:])|(?<=offset )(\d+)([smhd])")
ROOT = Path(__file__).parents[2]


def quick(duration: str) -> str:
    """The *duration* in the time of this test."""
    return f"{int(duration[:-1]) * _UNITS[duration[-1]] * 1000 // FASTER}ms"


def quicker(rules: str) -> dict[str, Any]:
    """The *rules* with every window, offset and interval shortened."""
    found: Any = yamlfile.parse(rules, "rules")[0].value
    for group in found["groups"]:
        group["interval"] = quick(group.get("interval", "1m"))
        for rule in group["rules"]:
            rule["expr"] = _SPAN.sub(lambda span: quick(span[0]), rule["expr"])
            for name in ("for", "keep_firing_for"):
                if name in rule:
                    rule[name] = quick(rule[name])
    return dict(found)


@dataclass(frozen=True, slots=True)
class World:
    """The service and what watches it."""

    service: str
    prometheus: Prometheus
    slos: Path

    def sum(self, objective: str, what: str) -> float:
        """All events of *objective*, or the bad ones."""
        window = "1M" if objective == "availability" else "30d"
        return self.prometheus.value(
            f'sum(last_over_time(slo:{what}:sum{window}{{slo="{objective}"}}[1m]))'
        )

    def counted(self, series: str) -> float:
        """What the service itself has counted in *series*, a pattern."""
        lines = re.findall(rf"^{series} (\S+)$", get(f"{self.service}/metrics"), re.MULTILINE)
        return sum(map(float, lines))

    def samples(self, series: str) -> list[tuple[float, float]]:
        """Those that Prometheus has of the only *series*."""
        (found,) = self.prometheus._api("query", query=f"{series}[10m]")["result"]
        return [(at, float(value)) for at, value in found["values"]]


@pytest.fixture(scope="module")
def world(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A service that has answered one request of each kind, a GPU, and a Prometheus with the rules."""
    folder = tmp_path_factory.mktemp("service")
    slos = folder / "slos"
    slos.mkdir()
    for name, shipped in files(SIX, "otel-http").items():
        # What an operator declares: the peak, and its hours.
        text = shipped.replace("10000", "100").replace("hour() >= 8 < 18", "hour() >= 0 < 24")
        (slos / name).write_text(text.replace("day_of_week() >= 1 <= 5", "day_of_week() >= 0"))
    rules = [group for one in objectives(Folder.load(slos)) for group in groups(one)]
    (folder / "rules.json").write_text(json.dumps(quicker(plain(rules, "gpuvitals", "us"))))
    service, gpus = (f"127.0.0.1:{free_port()}" for _ in range(2))
    config = {
        "global": {"scrape_interval": "120ms", "scrape_timeout": "120ms"},
        "rule_files": [str(folder / "rules.json")],
        "scrape_configs": [
            {"job_name": "my-service", "static_configs": [{"targets": [service]}]},
            {
                "job_name": "gpuvitals",
                "http_sd_configs": [{"url": f"http://{gpus}/sd"}],
                "relabel_configs": [{"target_label": "pool", "replacement": "training"}],
            },
        ],
    }
    program: list[str | Path] = [
        sys.executable,
        ROOT / "tests/slo/service.py",
        service.rpartition(":")[2],
    ]
    fleet = [sys.executable, "-m", "gpuvitals", "simulate", "--nodes", "1", "--gpus", "1"]
    with (
        started([*program, f"{1 / FASTER}"], f"http://{service}/healthz", folder / "service.log"),
        started([*fleet, "--listen", gpus], f"http://{gpus}/healthz", folder / "gpus.log"),
    ):
        asyncio.run(traffic(f"http://{service}", 1, ("", "?slow", "?fail")))
        asyncio.run(broken(f"http://{service}", 1))
        with running(tool("prometheus"), config, folder) as prometheus:
            yield World(f"http://{service}", prometheus, slos)


async def traffic(service: str, count: int, kinds: tuple[str, ...], at_once: int = 10) -> None:
    """Ask *count* times for each of the *kinds*."""
    asked = [kind for _ in range(count) for kind in kinds]
    gate = asyncio.Semaphore(at_once)

    async def ask(session: aiohttp.ClientSession, kind: str) -> None:
        async with gate, session.get(f"{service}/generate{kind}"):
            pass

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(ask(session, kind) for kind in asked))


async def broken(service: str, seconds: int) -> None:
    """Ask while the backend is away for so many of the test's seconds."""
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{service}/break?seconds={seconds}"):
            pass
        while True:
            async with session.get(f"{service}/generate") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.005)


COUNTERS = {
    "all": r"http_server_request_duration_seconds_count\{.*\}",
    "failed": r"http_server_request_duration_seconds_count\{.*code=\"5..\".*\}",
    "in time": r"http_server_request_duration_seconds_bucket\{.*,le=\"0\.1\"\}",
    "outages": r"service_recovery_seconds_count",
    "short outages": r"service_recovery_seconds_bucket\{le=\"30\.0\"\}",
}


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to the service, by its own counters, and what Prometheus made of it."""

    world: World
    counted: dict[str, float]


@pytest.fixture(scope="module")
def story(world: World) -> Story:
    """Good and slow and failing requests, a short outage and a long one; then all of it has been counted."""
    eventually(lambda: len(world.prometheus.query('slo:total:tile5m{slo!="availability"}')) == 5)
    before = {name: world.counted(series) for name, series in COUNTERS.items()}
    for count, kind in ((300, ""), (100, "?slow"), (30, "?fail")):
        asyncio.run(traffic(world.service, count, (kind,)))
    for number, seconds in enumerate((20, 200), start=1):
        asyncio.run(broken(world.service, seconds))
        seen = before["outages"] + number
        eventually(lambda seen=seen: world.counted(COUNTERS["outages"]) == seen)  # type: ignore[misc] # mypy and defaults of lambdas
    counted = {name: world.counted(one) - before[name] for name, one in COUNTERS.items()}
    eventually(lambda: world.sum("error-rate", "total") >= counted["all"])
    eventually(lambda: world.sum("recovery", "total") >= counted["outages"])
    return Story(world, counted)


def test_error_rate_is_what_the_service_counted(story: Story) -> None:
    """Every request, and every one that failed, to the last."""
    assert story.counted["all"] >= 300 + 100 + 30
    assert story.counted["failed"] >= 30
    assert story.world.sum("error-rate", "total") == story.counted["all"]
    assert story.world.sum("error-rate", "bad") == story.counted["failed"]


def test_response_time_is_by_the_bucket(story: Story) -> None:
    """Slow requests are those that are not in it."""
    assert story.counted["all"] - story.counted["in time"] >= 100
    assert (
        story.world.sum("response-time", "bad") == story.counted["all"] - story.counted["in time"]
    )


def test_of_two_outages_one_was_short(story: Story) -> None:
    """The service's own histogram says so, from looking once a second."""
    assert (story.counted["outages"], story.counted["short outages"]) == (2, 1)
    assert story.world.sum("recovery", "total") == 2
    assert story.world.sum("recovery", "bad") == 1


@pytest.mark.parametrize("name", ["availability", "throughput"])
def test_minutes_are_bad_while_requests_fail_or_are_slow(story: Story, name: str) -> None:
    """Those of the outages are, of throughput those with slow answers too; minutes with few requests, all well, are good."""
    slices = [good for _, good in story.world.samples(f'slo:slice:good_ratio{{slo="{name}"}}')]
    bad, total = story.world.sum(name, "bad"), story.world.sum(name, "total")

    assert set(slices) == {0.0, 1.0}
    assert bad == pytest.approx(slices.count(0.0), abs=2)
    assert total == pytest.approx(len(slices), abs=2 * 300 / 60)


def test_utilisation_is_of_the_seconds_that_were_observed(story: Story) -> None:
    """As a plain count of the scraped samples has it."""
    tiles = story.world.samples('slo:total:tile5m{slo="gpu-utilization"}')
    idle = story.world.samples('slo:bad:tile5m{slo="gpu-utilization"}')
    span = tiles[0][0] - 300 / FASTER, tiles[-1][0]
    busy, observed = (
        events([story.world.samples(name)], *span)
        for name in ("gpu_busy_seconds_total", "gpu_observed_seconds_total")
    )

    assert sum(value for _, value in tiles) == pytest.approx(observed, rel=1e-9)
    assert sum(value for _, value in idle) == pytest.approx(observed - busy, rel=1e-9)
    assert busy / observed > 0.5


def test_check_asks_the_server_and_finds_a_bucket_that_is_missing(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the six all is there; a bound that the histogram does not have is told."""
    asked = ["--prometheus", story.world.prometheus.url]

    well = main(["slo", "check", str(story.world.slos), *asked])
    said = capsys.readouterr()
    for file in story.world.slos.iterdir():
        (tmp_path / file.name).write_text(file.read_text().replace('le="0.1"', 'le="0.12"'))
    missing = main(["slo", "check", str(tmp_path), *asked])

    assert well == 0, said.err + said.out
    assert missing == 1
    assert 'le="0.12"' in capsys.readouterr().err
