"""A real Prometheus ingests what we serve, in both formats, without refusing a sample."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.prometheus import Prometheus, running
from tests.servers import free_port, get, started

pytestmark = pytest.mark.tools

NODES, GPUS = 50, 8
INTERVAL = 5
FORMATS = {"text": "PrometheusText0.0.4", "openmetrics": "OpenMetricsText1.0.0"}
# What one query over each subject must find, per job: expressions with {job}, and how many results.
IMPORTANT = {
    'gpu_up{{job="{job}"}} == 1': NODES * GPUS,
    'gpu_state{{job="{job}", state="ok"}} == 1': NODES * GPUS,
    'rate(gpu_busy_seconds_total{{job="{job}"}}[20s]) < 1.3': NODES * GPUS,
    'rate(gpu_energy_joules_total{{job="{job}"}}[20s]) > 0': NODES * GPUS,
    'gpu_memory_used_bytes{{job="{job}"}} < gpu_memory_total_bytes': NODES * GPUS,
    'gpu_temperature_celsius{{job="{job}", sensor="gpu"}} > 20': NODES * GPUS,
    'gpu_clock_hertz{{job="{job}", clock="sm"}} > 1e8': NODES * GPUS,
    'sum by (instance) (gpu_ecc_errors_total{{job="{job}"}}) == 0': NODES,
    'gpu_sm_active_ratio{{job="{job}"}} <= 1': NODES * GPUS,
    'gpu_power_watts{{job="{job}"}} * on (uuid) group_left (node) gpu_info{{job="{job}"}}': NODES
    * GPUS,
    'gpuvitals_build_info{{job="{job}", source="sim"}}': NODES,
}


@pytest.fixture(scope="module")
def prometheus(tool: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that has scraped a fleet of 50 nodes with 8 GPUs for half a minute, each node in both formats."""
    program, folder = tool("prometheus"), tmp_path_factory.mktemp("fleet")
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gpuvitals", "simulate", "--listen", address]
    command += ["--nodes", str(NODES), "--gpus", str(GPUS)]
    found = {"http_sd_configs": [{"url": f"http://{address}/sd"}]}
    with (
        started(command, f"http://{address}/healthz", folder / "simulate.log"),
        running(program, _config(found), folder) as server,
    ):
        _wait(server, len(FORMATS) * NODES)
        yield server


def _config(targets: dict[str, Any]) -> dict[str, Any]:
    jobs = [
        {"job_name": job, "scrape_protocols": [protocol], **targets}
        for job, protocol in FORMATS.items()
    ]
    interval = f"{INTERVAL}s"
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval},
        "scrape_configs": jobs,
    }


def _wait(server: Prometheus, targets: int) -> None:
    """Until every target was scraped five times; GPM, the last to come, needs ten seconds."""
    scraped = f"count(count_over_time(up[2m]) >= 5) == {targets}"
    until = time.monotonic() + 120
    while not server.query(scraped):
        assert time.monotonic() < until, server.targets()
        time.sleep(1)


def test_no_scrape_fails(prometheus: Prometheus) -> None:
    """All nodes are found, and none was ever down."""
    assert prometheus.query("count by (job) (min_over_time(up[2m]) == 1)") == {
        (("job", job),): NODES for job in FORMATS
    }
    assert not [target["lastError"] for target in prometheus.targets() if target["lastError"]]


def test_no_sample_is_refused(prometheus: Prometheus) -> None:
    """No duplicate, nothing out of order, too old, or beyond a limit."""
    assert prometheus.rejected() == {}
    assert (
        prometheus.query("scrape_samples_scraped != scrape_samples_post_metric_relabeling") == {}
    )


def test_every_series_arrives(prometheus: Prometheus) -> None:
    """Each node has as many series as it serves lines, in both formats the same number."""
    address = prometheus.targets()[0]["discoveredLabels"]["__address__"]
    served = get(f"http://{address}/nodes/node-001/metrics").splitlines()
    samples = len([line for line in served if not line.startswith("#")])

    assert set(prometheus.query("scrape_samples_scraped").values()) == {samples}
    assert samples <= 350 * GPUS


@pytest.mark.parametrize("job", FORMATS)
@pytest.mark.parametrize(("expression", "results"), IMPORTANT.items())
def test_important_families_answer(
    prometheus: Prometheus, job: str, expression: str, results: int
) -> None:
    """One query over each subject finds every GPU or node."""
    assert len(prometheus.query(expression.format(job=job))) == results


def test_instance_is_the_node(prometheus: Prometheus) -> None:
    """The target's name and gpu_info's agree, and neither pushed the other aside."""
    same = 'count(label_replace(gpu_info, "instance", "$1", "node", "(.+)") == on (job, instance, uuid) gpu_info)'

    assert prometheus.value(same) == len(FORMATS) * NODES * GPUS
    assert prometheus.query('{exported_node!=""}') == {}
    assert prometheus.query('{exported_instance!=""}') == {}


def test_an_exporter_is_ingested_in_both_formats(tool: Any, tmp_path: Path) -> None:
    """`gpuvitals serve` itself, its own metrics included."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gpuvitals", "serve", "--source", "sim", "--listen", address]
    command += ["--state-dir", str(tmp_path / "state")]
    found = {"static_configs": [{"targets": [address]}]}
    with (
        started(command, f"http://{address}/readyz", tmp_path / "serve.log"),
        running(tool("prometheus"), _config(found), tmp_path) as server,
    ):
        _wait(server, len(FORMATS))

        assert server.rejected() == {}
        assert server.query("up == 0") == {}
        assert set(server.query("count by (job) (gpu_up == 1)").values()) == {8}
        assert set(server.query("gpuvitals_driver_up").values()) == {1}
