"""Dashboards and tools that were written for dcgm-exporter ask a real Prometheus that scrapes us."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from catalog.metrics import allocation
from catalog.snapshot import Layout, Reading, Snapshot, Tier
from exporter.compat.dialect import Dialect
from exporter.compat.writer import CompatWriter
from exporter.exposition import Format
from tests.exporter.child import NOW
from tests.exporter.test_exposition import rich_snapshot
from tests.prometheus import Prometheus, running
from tests.servers import free_port, started

pytestmark = pytest.mark.tools

GPUS = 8
# Grafana's dashboard 12239, both of its revisions in use: variables replaced as Grafana does for "All".
ALL = 'instance=~".*", gpu=~".*"'
HOST = 'Hostname=~"node-1", gpu=~"0|1|2|3|4|5|6|7"'
DASHBOARD = {
    f"DCGM_FI_DEV_GPU_TEMP{{{ALL}}}": GPUS,
    f"avg(DCGM_FI_DEV_GPU_TEMP{{{ALL}}})": 1,
    f"DCGM_FI_DEV_POWER_USAGE{{{ALL}}}": GPUS,
    f"sum(DCGM_FI_DEV_POWER_USAGE{{{ALL}}})": 1,
    f"DCGM_FI_DEV_SM_CLOCK{{{ALL}}} * 1000000": GPUS,
    f"DCGM_FI_DEV_GPU_UTIL{{{ALL}}}": GPUS,
    f"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{ALL}}}": GPUS,
    f"DCGM_FI_DEV_FB_USED{{{ALL}}}": GPUS,
    f"max(DCGM_FI_DEV_GPU_TEMP{{{HOST}}}) by (Hostname, gpu, uuid)": GPUS,
    f"sum(max(DCGM_FI_DEV_POWER_USAGE{{{HOST}}}) by (gpu))": 1,
    f"max(DCGM_FI_DEV_SM_CLOCK{{{HOST}}} * 1000000) by (Hostname, UUID, gpu)": GPUS,
    f"max(DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{HOST}}}) by (Hostname, gpu, GPU_I_ID, GPU_I_PROFILE)": GPUS,
    f"max(DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{HOST}}}) by (Hostname, gpu, GPU_I_ID, GPU_I_PROFILE)": GPUS,
    f"max(DCGM_FI_DEV_FB_USED{{{HOST}}}) by (Hostname, gpu, GPU_I_ID, GPU_I_PROFILE)": GPUS,
    "count(DCGM_FI_DEV_FB_FREE) by (Hostname)": 1,
}


def config(target: str) -> dict[str, Any]:
    """Scrape *target* each second."""
    job = {"job_name": "dcgm-exporter", "static_configs": [{"targets": [target]}]}
    return {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}


def wait(server: Prometheus, expression: str) -> None:
    """Until *expression* finds something."""
    until = time.monotonic() + 60
    while not server.query(expression):
        assert time.monotonic() < until, server.targets()
        time.sleep(0.2)


@pytest.fixture(scope="module")
def prometheus(tool: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that scrapes an exporter on the simulator in place of dcgm-exporter."""
    folder = tmp_path_factory.mktemp("compat")
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gpuvitals", "serve", "--source", "sim", "--listen", address]
    command += ["--state-dir", str(folder / "state"), "--compat", "dcgm-both", "--node", "node-1"]
    with (
        started(command, f"http://{address}/readyz", folder / "serve.log"),
        running(tool("prometheus"), config(address), folder) as server,
    ):
        wait(server, f"count(DCGM_FI_PROF_PIPE_TENSOR_ACTIVE) == {GPUS}")
        yield server


@pytest.mark.parametrize(("expression", "results"), DASHBOARD.items())
def test_grafana_12239(prometheus: Prometheus, expression: str, results: int) -> None:
    """Every panel and variable finds what it looks for."""
    assert len(prometheus.query(expression)) == results


def test_values_agree_with_our_own(prometheus: Prometheus) -> None:
    """The same readings, in DCGM's units, old and new."""
    for foreign, ours in {
        "DCGM_FI_DEV_SM_CLOCK": 'gpu_clock_hertz{clock="sm"} / 1e6',
        "DCGM_FI_DEV_SM_CLOCK_HERTZ": 'gpu_clock_hertz{clock="sm"}',
        "DCGM_FI_DEV_FB_USED": "gpu_memory_used_bytes / 1048576",
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": "gpu_energy_joules_total * 1000",
        "DCGM_FI_DEV_GPU_UTIL": "gpu_utilization_ratio * 100",
    }.items():
        joined = f'label_replace({foreign}, "uuid", "$1", "UUID", "(.+)")'
        difference = prometheus.query(f"max(abs({joined} - on (uuid) ({ours})))")

        assert max(difference.values()) < 1e-3, foreign


def test_nothing_is_refused_or_renamed(prometheus: Prometheus) -> None:
    """No sample is rejected, no label pushed aside."""
    assert prometheus.rejected() == {}
    assert prometheus.query('{__name__=~"DCGM_.*", exported_instance!=""}') == {}


def held() -> Snapshot:
    """Two GPUs, each held by a pod of its own."""
    snapshot = rich_snapshot()
    for index, view in enumerate(snapshot.gpus.values()):
        series = ((allocation.INFO, ("ml", f"llama-{index}", "train", "")),)
        reading = Reading(at=NOW, layout=Layout(series), values=(1.0,))
        snapshot = snapshot.with_gpu(view.with_reading(Tier.ALLOCATED, reading))
    return snapshot


@contextmanager
def exposed(snapshot: Snapshot) -> Iterator[str]:
    """The address at which *snapshot* is served under DCGM's names, with pods."""
    writer, port = CompatWriter(Dialect.LEGACY), free_port()

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=writer.render(snapshot, Format.TEXT))

    async def serve(ending: asyncio.Event) -> None:
        app = web.Application()
        app.add_routes([web.get("/metrics", metrics)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await ending.wait()
        await runner.cleanup()

    loop, ending = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(ending),))
    thread.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        loop.close()


def test_opencost(tool: Any, tmp_path: Path) -> None:
    """Its usage of GPUs by container, average and maximum, as its Prometheus source asks for them."""
    by = "by (container, pod, namespace, cluster_id)"
    chosen = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE{container!=""}[1m]'
    with (
        exposed(held()) as address,
        running(tool("prometheus"), config(address), tmp_path) as server,
    ):
        wait(server, "DCGM_FI_PROF_GR_ENGINE_ACTIVE")
        average = server.query(f"avg(avg_over_time({chosen})) {by}")
        highest = server.query(f"max(max_over_time({chosen})) {by}")

    assert average == highest
    assert {dict(labels)["pod"] for labels in average} == {"llama-0", "llama-1"}
    assert all(
        (dict(labels)["container"], dict(labels)["namespace"]) == ("train", "ml")
        for labels in average
    )
    assert all(0 < value <= 1 for value in average.values())
