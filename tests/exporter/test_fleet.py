"""The simulated fleet, on a clock that the tests move."""

import gzip
import json
from collections.abc import Mapping

import pytest
from pytest_aiohttp import AiohttpClient

from exporter.exposition import Format
from exporter.fleet.fleet import Fleet
from exporter.fleet.http import build
from exporter.fleet.node import MOST_STEPS
from exporter.fleet.spec import MOST_GPUS, MOST_NODES, FleetSpec
from exporter.standing_clock import StandingClock
from probes.sim.board import GpuSpec
from probes.sim.models import MODELS

START = 1_795_472_504.0
DAY = 86_400.0
H100 = GpuSpec(model=MODELS["H100"])


class CountingClock(StandingClock):
    """Counts how often it is asked."""

    asked = 0

    def __call__(self) -> float:
        self.asked += 1
        return self.now


def fleet(clock: StandingClock, nodes: int = 2, gpus: int = 2, seed: int = 0) -> Fleet:
    """A fleet of H100s."""
    return Fleet(FleetSpec(nodes=nodes, gpus=gpus, gpu=H100, seed=seed), clock)


def scraped(made: Fleet, name: str = "node-001") -> Mapping[str, float]:
    """What a node exports now, by series."""
    node = made.node(name)
    assert node is not None
    node.advance()
    lines = node.scrapes.body(Format.TEXT).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {series: float(value) for series, _, value in pairs if series.startswith("gpu_")}


def family(samples: Mapping[str, float], name: str) -> tuple[float, ...]:
    """The values of one family."""
    return tuple(value for series, value in samples.items() if series.startswith(name + "{"))


def busy(samples: Mapping[str, float]) -> tuple[float, ...]:
    """Busy seconds of each GPU."""
    return family(samples, "gpu_busy_seconds_total")


def test_nodes_have_names_gpus_and_work_of_their_own() -> None:
    """No two nodes share a GPU, and they are not equally busy."""
    clock = StandingClock(START)
    made = fleet(clock)
    for name in made.names:
        scraped(made, name)
    clock.now += 20
    first, second = scraped(made, "node-001"), scraped(made, "node-002")

    assert made.names == ("node-001", "node-002")
    assert not {series for series in first if "uuid" in series} & second.keys()
    assert family(first, "gpu_sm_active_ratio") != family(second, "gpu_sm_active_ratio")
    assert [
        series
        for series in second
        if series.startswith("gpu_info{") and 'node="node-002"' in series
    ]


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_decides(seed: int, same: bool) -> None:  # noqa: FBT001 - a column of the table
    """Fleets of one seed are equal, of another seed different."""
    clock = StandingClock(START)

    assert (scraped(fleet(clock)) == scraped(fleet(clock, seed=seed))) is same


def test_nobody_asks_nothing_is_computed() -> None:
    """The largest fleet costs nothing until a node is scraped, and then only that node."""
    clock = CountingClock(START)
    made = fleet(clock, MOST_NODES, MOST_GPUS)

    assert clock.asked == 1
    assert len(made.names) == MOST_NODES


@pytest.mark.parametrize("interval", [5, 15, MOST_STEPS])
def test_integrals_do_not_depend_on_the_scrape_interval(interval: int) -> None:
    """Between two scrapes the GPUs are read once a second, as a real exporter reads them."""
    seen = _watched(interval)

    assert seen == _watched(1)


def _watched(interval: int) -> Mapping[str, float]:
    """What a node exports after two minutes with a scrape every *interval* seconds."""
    clock = StandingClock(START)
    made = fleet(clock)
    samples = scraped(made)
    for _ in range(120 // interval):
        clock.now += interval
        samples = scraped(made)
    return samples


def test_a_long_time_without_a_scrape_is_estimated() -> None:
    """After a day in which nobody asked, busy and active seconds are about what a day brings."""
    clock = StandingClock(START)
    made = fleet(clock)
    scraped(made)
    clock.now += DAY
    samples = scraped(made)

    assert busy(samples) == pytest.approx((DAY, DAY), rel=0.15)
    assert family(samples, "gpu_sm_active_seconds_total") == pytest.approx((DAY, DAY), rel=0.25)
    assert family(samples, "gpu_last_read_timestamp_seconds") == (clock.now, clock.now)


def test_a_node_first_asked_late_has_counted_since_the_fleet_began() -> None:
    """Nodes that are discovered one after the other agree on when they started."""
    clock = StandingClock(START)
    made = fleet(clock)
    clock.now += 100

    assert busy(scraped(made, "node-002")) == pytest.approx((100, 100), rel=0.15)


def test_counters_never_fall() -> None:
    """Not at odd intervals, not when the clock is set back."""
    clock = StandingClock(START)
    made = fleet(clock)
    before = scraped(made)
    for seconds in (0.2, 0.9, 3.7, 61, -30, 5, 700, 0, -1, 2):
        clock.now += seconds
        now = scraped(made)
        falls = [
            series
            for series in before
            if "_total{" in series and now.get(series, 0.0) < before[series]
        ]
        before = now

        assert not falls


async def test_metrics_are_the_exporters(aiohttp_client: AiohttpClient) -> None:
    """Formats, gzip and filter are negotiated as on a real exporter."""
    client = await aiohttp_client(build(fleet(StandingClock(START))), auto_decompress=False)
    path = "/nodes/node-001/metrics"
    headers = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}

    zipped = await client.get(path, headers=headers)
    filtered = await client.get(f"{path}?name[]=gpu_power_watts", headers={"Accept-Encoding": ""})

    assert zipped.headers["Content-Type"] == Format.OPENMETRICS
    assert gzip.decompress(await zipped.read()).endswith(b"# EOF\n")
    assert [line.split("{")[0] for line in (await filtered.text()).splitlines()[2:]] == [
        "gpu_power_watts"
    ] * 2


async def test_discovery_names_the_address_that_the_client_used(
    aiohttp_client: AiohttpClient,
) -> None:
    """`instance` is the node; there is no label that gpu_info has too."""
    client = await aiohttp_client(build(fleet(StandingClock(START))))

    answer = await client.get("/sd", headers={"Host": "fleet.example:8080"})

    assert answer.content_type == "application/json"
    assert json.loads(await answer.text())[1] == {
        "targets": ["fleet.example:8080"],
        "labels": {"instance": "node-002", "__metrics_path__": "/nodes/node-002/metrics"},
    }


async def test_the_index_links_every_node(aiohttp_client: AiohttpClient) -> None:
    """A person finds the nodes at `/`."""
    client = await aiohttp_client(build(fleet(StandingClock(START))))

    page = await (await client.get("/")).text()

    assert page.count("<li>") == 2
    assert '<a href="/nodes/node-002/metrics">node-002</a>' in page


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nodes/node-003/metrics", 404, "there is no node 'node-003'; / lists all"),
        ("GET", "/metrics", 404, "there is nothing at /metrics"),
        ("POST", "/sd", 405, "POST is not allowed on /sd; use GET, HEAD"),
    ],
)
async def test_wrong_requests_are_explained(
    aiohttp_client: AiohttpClient, method: str, path: str, status: int, error: str
) -> None:
    """An error has a JSON body that says what was wrong."""
    client = await aiohttp_client(build(fleet(StandingClock(START))))

    answer = await client.request(method, path)

    assert answer.status == status
    assert await answer.json() == {"error": error}


async def test_the_process_is_healthy(aiohttp_client: AiohttpClient) -> None:
    """`/healthz` answers."""
    client = await aiohttp_client(build(fleet(StandingClock(START))))

    assert (await client.get("/healthz")).status == 200
