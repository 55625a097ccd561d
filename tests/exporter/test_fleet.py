"""The simulated fleet, on a clock that the tests move."""

import gzip
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType

import pytest
from aiohttp import ClientError
from pytest_aiohttp import AiohttpClient

from exporter.exposition import Format
from exporter.fleet.fleet import Fleet
from exporter.fleet.http import build
from exporter.fleet.spec import MOST_GPUS, MOST_NODES, MOST_READINGS, FleetSpec
from exporter.standing_clock import StandingClock
from probes.sim.board import GpuSpec
from probes.sim.gpu import Physics
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


@pytest.mark.parametrize("interval", [5, 15, MOST_READINGS])
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
        ("GET", "/nodes/node-001/metrics?x", 400, "there is no parameter 'x'; there is name[]"),
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


# -- faults, and exporters that die ------------------------------------------------------------------------------------


def test_a_node_first_asked_after_hours_does_as_little_as_after_a_minute() -> None:
    """Else whoever comes late would wait, and with them all who ask for other nodes."""
    clock = CountingClock(START)
    made = fleet(clock)
    work = {}
    for name, wait in (("node-001", 60.0), ("node-002", 12 * 3600.0)):
        clock.now = START + wait
        work[name] = _cells(partial(scraped, made, name))

    assert work["node-002"] <= 3 * work["node-001"]


def _cells(do: Callable[[], object]) -> int:
    """How many cells of the simulation are worked out while *do* is done."""
    count = 0

    def counting(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code is Physics._next.__code__

    sys.setprofile(counting)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


def of_gpu(samples: Mapping[str, float], gpu: int, start: str) -> tuple[float, ...]:
    """The values of the series of one GPU that begin so."""
    return tuple(
        value
        for name, value in samples.items()
        if name.startswith(start) and f'gpu="{gpu}"' in name
    )


def state(samples: Mapping[str, float], gpu: int) -> str:
    """The state that holds."""
    (held,) = [
        name
        for name, value in samples.items()
        if name.startswith("gpu_state{") and f'gpu="{gpu}"' in name and value == 1
    ]
    return held.partition('state="')[2].partition('"')[0]


def after(clock: StandingClock, made: Fleet, seconds: float) -> Mapping[str, float]:
    """What the first node exports so much later."""
    clock.now += seconds
    return scraped(made)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "gpu_lost", "seconds": 30}, ("ok", "lost")),
        ({"kind": "xid", "code": 79, "seconds": 30}, ("ok", "lost")),
        ({"kind": "hang", "seconds": 30}, ("ok", "hung")),
        ({"kind": "hang", "seconds": 30, "blocks_all": True}, ("unknown", "hung")),
    ],
)
def test_a_gpu_that_does_not_answer_is_shown_so_and_comes_back(
    fault: Mapping[str, object], expected: tuple[str, str]
) -> None:
    """The scrape does not wait for it; what nobody saw is not counted; it recovers, and then is well."""
    clock = StandingClock(START)
    made = fleet(clock)
    before = after(clock, made, 10)
    node = made.node("node-001")
    assert node is not None

    node.inject({"gpu": 1, **fault})
    during = after(clock, made, 15)
    later = after(clock, made, 30)

    assert (state(during, 0), state(during, 1)) == expected
    assert of_gpu(during, 1, "gpu_power_watts{") == ()
    assert (state(later, 0), state(later, 1)) == ("ok", "recovering")
    (then,), (now,) = (of_gpu(each, 1, "gpu_busy_seconds_total{") for each in (before, later))
    assert 0 <= now - then < 20
    assert state(after(clock, made, 75), 1) == "ok"


def test_an_xid_is_counted_once_from_zero() -> None:
    """As if the kernel log was read: what NVML does not tell of counts too."""
    clock = StandingClock(START)
    made = fleet(clock)
    series = "gpu_xid_errors_total{"
    before = [value for name, value in scraped(made).items() if name.startswith(series)]
    node = made.node("node-001")
    assert node is not None

    node.inject({"gpu": 0, "kind": "xid", "code": 79, "seconds": 5})
    after(clock, made, 10)
    now = after(clock, made, 10)

    counted = {name: value for name, value in now.items() if name.startswith(series) and value}
    assert set(before) == {0.0}
    assert [('gpu="0"' in name, 'xid="79"' in name, value) for name, value in counted.items()] == [
        (True, True, 1.0)
    ]


@pytest.mark.parametrize(
    ("code", "action", "expected"),
    [(31, "restart_app", "ok"), (48, "reset_gpu", "unhealthy"), (154, "reset_gpu", "unhealthy")],
)
def test_an_xid_makes_of_a_gpu_what_it_asks_for(code: int, action: str, expected: str) -> None:
    """At once, counted under the action that its record names, until the GPU needs nothing any more."""
    clock = StandingClock(START)
    made = fleet(clock)
    after(clock, made, 10)
    node = made.node("node-001")
    assert node is not None

    node.inject({"gpu": 1, "kind": "xid", "code": code, "seconds": 5})
    during = after(clock, made, 2)
    later = after(clock, made, 1500)

    counted = next(
        name
        for name, value in during.items()
        if name.startswith("gpu_xid_errors_total{") and value
    )
    assert f'xid="{code}"' in counted
    assert f'action="{action}"' in counted
    assert (state(during, 0), state(during, 1)) == ("ok", expected)
    assert state(later, 1) == "ok"


def test_what_happened_while_the_exporter_was_down_counts_when_it_is_back() -> None:
    """The log is read on from where it was."""
    clock = StandingClock(START)
    made = fleet(clock)
    after(clock, made, 10)
    node = made.node("node-001")
    assert node is not None

    node.stop(20)
    node.inject({"gpu": 1, "kind": "xid", "code": 48, "seconds": 60})
    now = after(clock, made, 25)

    assert state(now, 1) == "unhealthy"
    assert sum(family(now, "gpu_xid_errors_total")) == 1.0


async def test_a_stopped_node_breaks_the_connection_until_it_is_started(
    aiohttp_client: AiohttpClient,
) -> None:
    """Nobody counts meanwhile, totals of ours go on where they were, and the GPUs' own counters went on."""
    clock = StandingClock(START)
    made = fleet(clock)
    client = await aiohttp_client(build(made, fault_injection=True))
    before = after(clock, made, 60)

    stopped = await client.post("/nodes/node-001/api/v1/stop", json={})
    clock.now += 600
    for path in ("metrics", "healthz", "healthz/gpus", "api/v1/gpus"):
        with pytest.raises(ClientError):
            await client.get(f"/nodes/node-001/{path}")
    assert (await client.get("/nodes/node-002/metrics")).status == 200
    started = await client.post("/nodes/node-001/api/v1/start")
    now = scraped(made)

    assert (stopped.status, started.status) == (202, 202)
    assert busy(now) == busy(before)
    joules = [family(samples, "gpu_energy_joules_total") for samples in (before, now)]
    assert all(second - first > 600 * 60 for first, second in zip(*joules, strict=True))


async def test_announced_maintenance_is_not_expected_of_a_node(
    aiohttp_client: AiohttpClient,
) -> None:
    """Its exporter answers that it let go of the driver, no second is expected, and then all is read again."""
    clock = StandingClock(START)
    made = fleet(clock)
    client = await aiohttp_client(build(made, fault_injection=True))
    before = after(clock, made, 60)

    await client.post("/nodes/node-001/api/v1/release", json={"seconds": 600})
    during = after(clock, made, 590)
    again = after(clock, made, 130)

    assert [family(each, "gpu_up") for each in (before, during, again)] == [(1, 1), (0, 0), (1, 1)]
    expected = [family(each, "gpu_expected_seconds_total")[0] for each in (before, during, again)]
    assert expected[1] - expected[0] < 2
    assert 100 < expected[2] - expected[1] < 121


async def test_a_node_that_is_stopped_for_a_while_starts_by_itself(
    aiohttp_client: AiohttpClient,
) -> None:
    """Faults that are under way are still so."""
    clock = StandingClock(START)
    client = await aiohttp_client(build(fleet(clock), fault_injection=True))
    fault = {"gpu": 1, "kind": "gpu_lost"}
    await client.post("/nodes/node-001/api/v1/faults", json=fault)
    await client.post("/nodes/node-001/api/v1/stop", json={"seconds": 60})
    clock.now += 61

    answer = await client.get("/nodes/node-001/healthz/gpus")

    body = await answer.json()
    assert answer.status == 503
    assert [fault.split(":")[0] for fault in body["faults"].values()] == ["lost"]
    gpus = (await (await client.get("/nodes/node-001/api/v1/gpus")).json())["gpus"]
    assert [gpu["state"] for gpu in gpus] == ["ok", "lost"]


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("faults", '{"gpu": 2, "kind": "hang"}', "gpu 2: this node has GPUs 0 to 1"),
        ("faults", '{"gpu": 0, "kind": "hank"}', "did you mean 'hang'"),
        ("faults", "[]", "the body must be an object such as"),
        ("stop", '{"second": 3}', "did you mean 'seconds'"),
        ("stop", '{"seconds": -1}', "seconds: "),
        ("stop", "x", "the body is not JSON"),
    ],
)
async def test_a_wrong_order_is_refused(
    aiohttp_client: AiohttpClient, path: str, body: str, error: str
) -> None:
    """400, and what is wrong."""
    client = await aiohttp_client(build(fleet(StandingClock(START)), fault_injection=True))

    answer = await client.post(f"/nodes/node-001/api/v1/{path}", data=body)

    assert answer.status == 400
    assert error in (await answer.json())["error"]


async def test_faults_must_be_allowed(aiohttp_client: AiohttpClient) -> None:
    """Without the flag there is nothing to do harm with."""
    client = await aiohttp_client(build(fleet(StandingClock(START))))

    answer = await client.post("/nodes/node-001/api/v1/faults", data='{"gpu": 0, "kind": "hang"}')

    assert answer.status == 404


async def test_pages_of_other_sites_break_nothing(aiohttp_client: AiohttpClient) -> None:
    """Neither GPUs nor exporters."""
    client = await aiohttp_client(build(fleet(StandingClock(START)), fault_injection=True))

    for order in ("faults", "stop", "start"):
        path = f"/nodes/node-001/api/v1/{order}"
        answer = await client.post(path, json={}, headers={"Origin": "https://elsewhere"})
        assert answer.status == 403
