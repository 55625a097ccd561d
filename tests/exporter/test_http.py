"""What the exporter answers over HTTP, with a reader child that says what the test wants."""

import asyncio
import contextlib
import gzip
import json
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from catalog.event import Event, EventKind, Severity
from catalog.metric import Metric
from catalog.metrics import ALL, exporter, processes
from catalog.metrics.events import SXID_LAST, XID_LAST
from catalog.snapshot import Tier
from exporter import audit
from exporter.application import application
from exporter.config import Config
from exporter.exposition import Format
from exporter.page.recent import Recent
from exporter.reloading import reload
from exporter.service import Service
from history.opening import FILE
from probes.driver import Return
from probes.messages import Happened
from tests.exporter.attribution.kubelet import Kubelet, pod
from tests.exporter.child import NOW, Child
from tests.exporter.parsing import names, parsed
from tests.exporter.probing.bench import learn, probe_now
from tests.probes.devices import SYSTEM, FakeDevice, FakeDriver, rich, well

UUID = "GPU-00000000-aaaa-bbbb-cccc-000000000000"
MIG = "MIG-00000000-1111-2222-3333-444444444444"
EVENT = Event(at=NOW, kind=EventKind.XID, severity=Severity.WARNING, message="Xid 43", code=43)
OPENMETRICS = {"Accept": "application/openmetrics-text"}


class Exporter:
    """A service without its reader child, and a client of it."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.now = NOW
        self.config = replace(
            Config(source="sim", node="node-7", state_dir=str(folder), max_scrapes=3),
            **settings,  # type: ignore[arg-type] # as the test says
        )
        self.service = Service(self.config, lambda: self.now, Recent())
        self.address = ""
        self.client = ClientSession()

    def child(self, *devices: FakeDevice) -> Child:
        """A child that has read *devices* twice, a second apart, and all of them are well."""
        child = Child(
            self.service.intake.hear,
            FakeDriver(devices, SYSTEM),
            every=True,
            budgets={processes.MEMORY.name: 1},
        )
        for second in (-1.0, 0.0):
            child.read(NOW + second)
        return child

    async def get(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers."""
        async with self.client.request(
            method, f"http://{self.address}{path}", headers=headers
        ) as response:
            return response.status, await response.text(), dict(response.headers)

    async def json(self, path: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
        """Status and body of what must be JSON."""
        async with self.client.request(method, f"http://{self.address}{path}") as response:
            return response.status, await response.json()

    async def knows(self, kind: str) -> bool:
        """Whether an event of this kind is in the log."""
        return bool((await self.json(f"/api/v1/events?kind={kind}"))[1]["events"])

    async def counts(self, metric: Metric) -> bool:
        """Whether the next second's `/metrics` counts any."""
        self.now += 1
        _, text, _ = await self.get(f"/metrics?name[]={metric.name}")
        return float(text.split()[-1]) > 0

    async def counts_xids(self) -> bool:
        """Whether an Xid and an SXid that were told are counted; NVML's wait a second for the kernel log's."""
        await self.service.xids.watch.step()
        node = self.service.hub.latest.node.values()
        switches = any(sample.metric is SXID_LAST for told in node for sample in told.samples())
        return switches and bool(self.service.hub.latest.gpus[UUID].labelled(XID_LAST))

    async def scrapes_under_way(self, count: int) -> bool:
        """Whether so many clients are being served."""
        return self.service.scrapes._under_way == count


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(20):
        while not await look():  # noqa: ASYNC110 - who waits here is outside: nobody wakes it
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def served(folder: Path, **settings: object) -> AsyncIterator[Exporter]:
    """An exporter that answers on a port of its own."""
    server = Exporter(folder, **settings)
    runner = web.AppRunner(application(server.service, server.config, lambda: server.now))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.address = f"{host}:{port}"
    ending = asyncio.Event()
    store = asyncio.create_task(server.service.store.run(server.service.totals, ending))
    try:
        yield server
    finally:
        await server.client.close()
        await runner.cleanup()
        ending.set()
        await store


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Exporter]:
    """An exporter whose reader has said nothing yet."""
    async with served(tmp_path) as server:
        yield server


# -- /metrics ----------------------------------------------------------------------------------------------------------


SXID = "nvidia-nvswitch2: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up"


async def test_emitted_equals_catalogued(tmp_path: Path) -> None:
    """A GPU that can tell everything fills every family of the catalogue, and no other is there but the process's."""
    device = rich()
    device.answers["nvmlDeviceGetSramEccErrorStatus"] = Return.NO_PERMISSION
    blank = rich(1)
    blank.answers["nvmlDeviceGetPowerUsage"] = 2**32 - 1
    blank.answers["nvmlDeviceGetPcieReplayCounter"] = Return.UNKNOWN
    log = tmp_path / "kmsg"
    log.touch()
    kubelet = Kubelet(tmp_path / "kubelet.sock")
    kubelet.pods = [pod("train-0", MIG, resource="nvidia.com/mig-1g.18gb")]
    settings = {"kernel_log": str(log), "pod_resources": str(kubelet.socket)}
    async with served(tmp_path, **settings) as server:
        child = server.child(device, blank)
        with kubelet.running():
            await server.service.attribution.step()
        child.read()
        await server.service.xids.watch.step()
        log.write_text(f"{SXID}\n")
        server.service.intake.hear(Happened(replace(EVENT, uuid=UUID)))
        await until(server.counts_xids)
        await probe_now(
            server.service.prober, UUID, "memory-bandwidth", "kernel-latency", "compute-integrity"
        )
        learn(server.service.prober, UUID, "memory-bandwidth")
        _, text, _ = await server.get("/metrics")
        _, body = await server.json("/api/v1/gpus")

    found = {
        family.name + ("_total" if family.type == "counter" else "") for family in parsed(text)
    }
    others = {name for name in found if name.startswith(("process_", "python_"))}
    assert found - others == {metric.name for metric in ALL}
    assert len(others) > 4
    (counted,) = [
        series
        for series in body["node"]["metrics"]["gpu_nvswitch_sxid_errors_total"]
        if series["value"]
    ]
    assert counted["labels"]["sxid"] == "20034"


async def test_a_latency_leads_to_its_run(server: Exporter) -> None:
    """OpenMetrics has the trace of a run beside the buckets that it filled; the text format has no place for it."""
    server.child(rich())
    await probe_now(server.service.prober, UUID, "kernel-latency")
    record = server.service.prober.ward.patients[UUID].records["kernel-latency"]

    _, text, _ = await server.get("/metrics")
    _, other, _ = await server.get("/metrics", **OPENMETRICS)

    exemplars = {
        sample.exemplar.labels["trace_id"]
        for family in parsed(other, Format.OPENMETRICS)
        for sample in family.samples
        if sample.exemplar
    }
    assert exemplars == {record.trace_id}
    assert record.trace_id not in text


async def test_both_formats(server: Exporter) -> None:
    """Text by default, OpenMetrics to those who ask for it; both parse, and say what they are."""
    server.child(rich())

    _, text, about_text = await server.get("/metrics", Accept="text/html")
    _, other, about_other = await server.get("/metrics", **OPENMETRICS)

    assert about_text["Content-Type"] == Format.TEXT
    assert about_other["Content-Type"] == Format.OPENMETRICS
    assert about_text["Vary"] == about_other["Vary"] == "Accept, Accept-Encoding"
    assert names(text) == names(other, Format.OPENMETRICS)


async def test_gzip_for_those_who_take_it(server: Exporter) -> None:
    """The same text, in a tenth of the bytes."""
    server.child(rich())
    plain = server.service.scrapes.body(Format.TEXT)

    _, text, headers = await server.get("/metrics", **{"Accept-Encoding": "gzip"})
    _, _, without = await server.get("/metrics", **{"Accept-Encoding": "identity"})

    assert headers["Content-Encoding"] == "gzip"
    assert text == plain.decode()
    assert int(headers["Content-Length"]) < len(plain) / 4
    assert "Content-Encoding" not in without


async def test_a_snapshot_is_rendered_once(server: Exporter) -> None:
    """Who asks again gets the same bytes, until something was read or a second has passed."""
    child = server.child(rich())
    body = server.service.scrapes.body

    first = body(Format.TEXT)
    zipped = body(Format.TEXT, compressed=True)

    assert body(Format.TEXT) is first
    assert body(Format.TEXT, compressed=True) is zipped
    assert gzip.decompress(zipped) == first
    child.read(NOW + 1, Tier.FAST)
    assert body(Format.TEXT) is not first
    second = body(Format.TEXT)
    server.now += 1
    assert body(Format.TEXT) is not second


@pytest.mark.parametrize(
    ("query", "families"),
    [
        ("name[]=gpu_power_watts", {"gpu_power_watts"}),
        ("name[]=gpu_up&name[]=gpu_energy_joules_total", {"gpu_up", "gpu_energy_joules"}),
        (
            "name[]=gpuvitals_collector_duration_seconds",
            {"gpuvitals_collector_duration_seconds"},
        ),
        ("name[]=process_open_fds", {"process_open_fds"}),
        ("name%5B%5D=gpu_up", {"gpu_up"}),
    ],
)
async def test_only_the_families_that_are_asked_for(
    server: Exporter, query: str, families: set[str]
) -> None:
    """`name[]` chooses among all families that are served, by the names under which they are."""
    server.child(rich())

    _, text, _ = await server.get(f"/metrics?{query}")
    _, other, _ = await server.get(f"/metrics?{query}", **OPENMETRICS)

    assert names(text) == families
    assert names(other, Format.OPENMETRICS) == families


async def test_an_unknown_family_is_refused(server: Exporter) -> None:
    """400, and which name it was."""
    status, body = await server.json("/metrics?name[]=gpu_up&name[]=gpu_powr")

    assert status == 400
    assert "name[]=gpu_powr: there is no such metric" in str(body["error"])


async def test_any_number_of_filters_is_served(server: Exporter) -> None:
    """A client that asks for something else each time costs no memory and gets its answer."""
    server.child(rich())
    scrapes = server.service.scrapes
    for metric in ALL:
        scrapes.body(Format.TEXT, frozenset({metric.name}))

    assert len(scrapes._bodies) <= 34


async def test_what_is_off_is_not_there(tmp_path: Path) -> None:
    """`metrics_off` leaves out families of GPUs and of the exporter alike."""
    off = ("gpu_power_watts", "gpuvitals_driver_up")
    async with served(tmp_path, metrics_off=off) as server:
        server.child(rich())

        _, text, _ = await server.get("/metrics")

        assert not names(text) & set(off)


async def test_counters_of_ours_begin_at_zero(server: Exporter) -> None:
    """They are there before anything is counted, so that no first increment is lost."""
    _, text, _ = await server.get("/metrics")

    for line in (
        "gpuvitals_scrapes_refused_total 0",
        "gpuvitals_history_write_failures_total 0",
        'gpuvitals_reader_restarts_total{reason="killed"} 0',
        'gpuvitals_config_reloads_total{outcome="failure"} 0',
        "gpuvitals_driver_up 0",
        'gpuvitals_collector_failures_total{collector="power",reason="unknown"} 0',
        'gpuvitals_collector_failures_total{collector="events",reason="other"} 0',
        'gpuvitals_values_rejected_total{collector="power",reason="blank"} 0',
    ):
        assert line in text.splitlines()


async def test_clients_that_do_not_read_are_limited_and_block_nobody(server: Exporter) -> None:
    """As many slow clients as are allowed get 503 for one more, which may try again; nothing else waits."""
    server.child(*(rich(index) for index in range(16)))
    host, _, port = server.address.partition(":")
    slow = [await _slow_client(host, int(port)) for _ in range(server.config.max_scrapes)]
    try:
        await until(lambda: server.scrapes_under_way(len(slow)))

        status, body, headers = await server.get("/metrics")

        assert (status, headers["Retry-After"]) == (503, "1")
        assert "3 scrapes are under way already" in body
        assert (await server.get("/healthz"))[0] == 200
    finally:
        for client in slow:
            client.close()
    await until(lambda: server.scrapes_under_way(0))
    assert await server.counts(exporter.SCRAPES_REFUSED)


async def _slow_client(host: str, port: int) -> socket.socket:
    """A client that asks and then does not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)  # noqa: FBT003 - socket's own signature
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, port))
    request = f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n" * 200
    await loop.sock_sendall(client, request.encode())
    return client


# -- health ------------------------------------------------------------------------------------------------------------


async def test_ready_when_the_first_collection_is_done(server: Exporter) -> None:
    """Not while nothing is known, nor while the driver is up and nothing was read; then for good."""
    assert (await server.get("/readyz"))[0] == 503
    assert (await server.get("/healthz"))[0] == 200
    child = Child(server.service.intake.hear, FakeDriver([rich()], SYSTEM))
    assert (await server.get("/readyz"))[0] == 503

    child.read()

    assert (await server.get("/readyz"))[0] == 200


async def test_a_broken_gpu_stalls_no_rollout(server: Exporter) -> None:
    """Ready although the only GPU hangs: the DaemonSet goes on to the next node."""
    child = Child(server.service.intake.hear, FakeDriver([rich()], SYSTEM))

    child.health(0, "hung", "a call has not returned for 31 s")

    assert (await server.get("/readyz"))[0] == 200


@pytest.mark.parametrize(
    ("state", "reason"),
    [("hung", "call_overdue"), ("lost", "gpu_is_lost"), ("unknown", "driver_blocked")],
)
async def test_gpus_are_unhealthy_when_one_does_not_answer(
    server: Exporter, state: str, reason: str
) -> None:
    """503, with the reason by UUID."""
    child = server.child(well(0), well(1))
    assert await server.json("/healthz/gpus") == (
        200,
        {"healthy": True, "driver_up": True, "faults": {}, "warnings": {}},
    )

    child.health(0, state, reason)

    assert await server.json("/healthz/gpus") == (
        503,
        {
            "healthy": False,
            "driver_up": True,
            "faults": {UUID: f"{state}: {reason}"},
            "warnings": {},
        },
    )


async def test_gpus_are_unhealthy_when_stale(server: Exporter) -> None:
    """A reading of the one-second tier that is 20 s old is no sign of life, whatever the state says."""
    server.child(well())
    server.now += 20

    status, body = await server.json("/healthz/gpus")

    assert (status, body["faults"]) == (503, {UUID: "stale: last read 20 s ago"})


async def test_a_gpu_that_must_be_drained_is_not_healthy(server: Exporter) -> None:
    """It answers, and a job that starts there fails; one that is only degraded is a warning."""
    degraded = well(1)
    degraded.answers["nvmlDeviceGetRemappedRows"] = [0, 1, 1, 0]
    server.child(rich(0), degraded)

    status, body = await server.json("/healthz/gpus")

    assert status == 503
    assert body["faults"] == {UUID: "unhealthy: recovery_gpu_reset"}
    assert list(body["warnings"].values()) == ["degraded: row_remap_pending"]


async def test_no_gpu_is_not_healthy(server: Exporter) -> None:
    """A node without a driver is no healthy node."""
    assert (await server.get("/healthz/gpus"))[0] == 503


# -- the API -----------------------------------------------------------------------------------------------------------


async def test_gpus(server: Exporter) -> None:
    """Every GPU with its newest readings by metric."""
    server.child(well())

    _, body = await server.json("/api/v1/gpus")

    (gpu,) = body["gpus"]
    assert (gpu["uuid"], gpu["gpu"], gpu["state"], gpu["last_read"]) == (UUID, 0, "ok", NOW)
    assert gpu["metrics"]["gpu_power_watts"] == [{"labels": {}, "value": 612.345}]
    assert {"labels": {"sensor": "memory"}, "value": 70.0} in gpu["metrics"][
        "gpu_temperature_celsius"
    ]


async def test_events(server: Exporter) -> None:
    """What happened, newest first, chosen by kind."""
    child = server.child(rich())
    child.health(0, "hung", "because")
    await until(lambda: server.knows("gpu_hung"))

    status, body = await server.json("/api/v1/events?kind=gpu_hung")

    assert status == 200
    assert body["events"] == [
        {
            "at": NOW,
            "kind": "gpu_hung",
            "severity": "critical",
            "message": "GPU 0 is hung: because",
            "uuid": UUID,
            "reason": "call_overdue",
            "pci_bus_id": "00000000:03:00.0",
            "gpu_instance": None,
            "compute_instance": None,
            "code": None,
            "sub_code": "",
            "action": None,
            "process": "",
            "pid": None,
            "probe": False,
        }
    ]
    for chosen in ("gpu=0", "severity=critical,warning", "text=IS%20HUNG", f"uuid={UUID}"):
        _, found = await server.json(f"/api/v1/events?kind=gpu_hung&{chosen}")
        assert found["events"] == body["events"]
    _, none = await server.json("/api/v1/events?code=79")
    assert none["events"] == []


@pytest.mark.parametrize(
    ("path", "method", "status", "complaint"),
    [
        (
            "/api/v1/events?kind=xidd",
            "GET",
            400,
            "kind: there is no 'xidd'; did you mean 'xid'?",
        ),
        ("/api/v1/events?severity=", "GET", 400, "severity: there is no ''; there are info, war"),
        ("/api/v1/events?code=79,x", "GET", 400, "code: 'x' is no Xid or SXid; write numbers"),
        ("/api/v1/events?gpu=7", "GET", 400, "gpu: there is no GPU '7' now; there are none."),
        ("/api/v1/events?from=-1h&to=-2h", "GET", 400, "from: -1h is after to: -2h; exchange"),
        ("/api/v1/events?limit=0", "GET", 400, "limit: '0' is not a number from 1 to 1000"),
        ("/api/v1/events?since=1h", "GET", 400, "there is no parameter 'since'; there are from"),
        ("/api/v1/events?kinds=xid", "GET", 400, "parameter 'kinds'; did you mean 'kind'?"),
        ("/api/v1/gpus?uuid=GPU-1", "GET", 400, "there is no parameter 'uuid'; there is none"),
        ("/api/v1/probes?uid=GPU-1", "GET", 400, "parameter 'uid'; did you mean 'uuid'?"),
        ("/api/v1/probes?uuid=zz", "GET", 400, "uuid: there is no GPU 'zz'; /api/v1/gpus names"),
        ("/metrics?nam[]=gpu_up", "GET", 400, "parameter 'nam[]'; did you mean 'name[]'?"),
        ("/metrics?x=1", "GET", 400, "there is no parameter 'x'; there is name[]"),
        ("/healthz/gpus?x=1", "GET", 400, "there is no parameter 'x'; there is none"),
        ("/api/v1/history", "GET", 400, "say which metric: ?metric=NAME"),
        ("/api/v1/history?metric=gpu_powr", "GET", 400, "gpu_powr"),
        ("/api/v1/history?metric=gpu_power_watts&from=soon", "GET", 400, "soon"),
        ("/api/v1/nothing", "GET", 404, "there is nothing at /api/v1/nothing"),
        ("/api/v1/faults", "POST", 404, "there is nothing at /api/v1/faults"),
        ("/metrics", "DELETE", 405, "DELETE is not allowed on /metrics; use GET, HEAD"),
        ("/api/v1/gpus", "POST", 405, "POST is not allowed on /api/v1/gpus; use GET, HEAD"),
        ("/healthz", "PUT", 405, "PUT is not allowed on /healthz; use GET, HEAD"),
    ],
)
async def test_a_wrong_request_gets_json(
    server: Exporter, path: str, method: str, status: int, complaint: str
) -> None:
    """4xx, and a JSON body that says what to change."""
    answered, body = await server.json(path, method)

    assert answered == status
    assert complaint in str(body["error"])


async def test_head_has_the_headers_of_get(server: Exporter) -> None:
    """A load balancer may ask with HEAD."""
    server.child(rich())

    status, body, headers = await server.get("/metrics", "HEAD")

    assert (status, body) == (200, "")
    assert headers["Content-Type"] == Format.TEXT


async def test_history_goes_through(server: Exporter) -> None:
    """An answer has a value or null for each of its times."""
    server.child(rich())

    status, body = await server.json(
        "/api/v1/history?metric=gpu_power_watts&from=-2m&to=now&step=60"
    )

    assert status == 200
    assert isinstance(body["times"], list)


# -- a new configuration -----------------------------------------------------------------------------------------------


async def test_another_source_has_other_gpus(server: Exporter) -> None:
    """A reload that changes nothing disturbs nobody; another node waits for its GPUs, another source forgets them."""
    server.child(well())
    hub = server.service.hub

    await reload(server.service, lambda: server.config)
    assert [view.reason for view in hub.latest.gpus.values()] == [""]
    await reload(server.service, lambda: replace(server.config, node="node-8"))
    assert [view.reason for view in hub.latest.gpus.values()] == ["reader_restarting"]
    await reload(server.service, lambda: replace(server.config, source="nvml"))

    assert not hub.latest.gpus


async def test_what_a_reload_cannot_change_is_said(
    server: Exporter, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the settings that wait for a restart."""
    caplog.set_level("INFO")

    await reload(server.service, lambda: replace(server.config, listen=":1"))

    (record,) = (record for record in caplog.records if record.message == "config.reloaded")
    assert vars(record)["needs_restart"] == ["listen"]


async def test_a_change_that_is_taken_back_is_a_change(server: Exporter) -> None:
    """The audit log names each setting that a reload changed, against what held before it."""
    few = replace(server.config, max_scrapes=1)
    for config in (few, few, server.config):
        await reload(server.service, partial(replace, config))

    text = (Path(server.config.state_dir) / audit.FILE).read_text(encoding="utf-8")
    settings = [json.loads(line)["setting"] for line in text.splitlines()]
    assert settings == ["max_scrapes", "", "max_scrapes"]


# -- the disk ----------------------------------------------------------------------------------------------------------


async def test_a_disk_that_refuses_loses_nothing(tmp_path: Path) -> None:
    """Events that could not be written are written when it can be again; the failure is counted."""
    async with served(tmp_path) as server:
        with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as database:
            database.execute(
                "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
            server.service.store.happened(EVENT)
            await until(lambda: server.counts(exporter.HISTORY_FAILURES))
            assert not await server.knows("xid")

            database.execute("DROP TRIGGER full")
        server.service.store.happened(EVENT)

        await until(lambda: server.knows("xid"))
        _, body = await server.json("/api/v1/events?kind=xid")
        assert len(body["events"]) == 2
