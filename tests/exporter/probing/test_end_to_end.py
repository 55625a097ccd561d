"""The whole exporter on simulated GPUs, probed six hundred times faster than real ones."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.audit import FILE
from tests.exporter.server import ROOT, Server, eventually, running, serving
from tests.prometheus import running as prometheus

SCENARIO = "gpus: [{model: H200, count: 2, workload: idle}]\n"


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """Two idle GPUs."""
    file = tmp_path / "idle.yaml"
    file.write_text(SCENARIO)
    return f"sim:{file}"


@pytest.fixture
def server(tmp_path: Path, scenario: str) -> Iterator[Server]:
    """An exporter that probes them."""
    with serving(
        tmp_path, "--source", scenario, "--probe-speed", "600", "--allow-fault-injection"
    ) as server:
        yield server


def runs(server: Server, outcome: str = "success") -> dict[str, float]:
    """Runs of GPU 0 with this outcome, by probe."""
    found = server.metrics().values("gpu_probe_runs_total", gpu="0", outcome=outcome)
    return {dict(labels)["probe"]: value for labels, value in found.items()}


def all_ran(server: Server) -> bool:
    """Whether each probe of GPU 0 has ended well once."""
    found = runs(server)
    return len(found) == 7 and min(found.values()) > 0


def test_the_schedule_the_fault_and_its_end_are_seen_from_outside(server: Server) -> None:
    """Every probe runs; a flipped bit is a metric, an event and an answer of the API; and so is its end."""
    eventually(lambda: all_ran(server))
    server.fault(gpu=0, kind="probe_failure", probe="memory-integrity", seconds=3600)

    eventually(
        lambda: server.metrics().value(
            "gpu_probe_verdict", gpu="0", probe="memory-integrity", verdict="failed"
        )
    )
    (event,) = eventually(
        lambda: [
            each
            for each in server.json("/api/v1/events?kind=probe_failed")["events"]
            if "memory-integrity" in each["message"]
        ][:1]
    )
    assert event["severity"] == "critical"
    answer = server.json(f"/api/v1/probes?uuid={event['uuid']}")["gpus"][0]["probes"]
    (probe,) = [each for each in answer if each["probe"] == "memory-integrity"]
    assert probe["runs"][0]["verdict"] == "failed"
    assert "in place of" in probe["runs"][0]["why"][0]
    assert server.metrics().value("gpu_probe_success", gpu="1", probe="memory-integrity") == 1
    assert server.metrics().value("gpu_up", gpu="0") == 1
    assert eventually(lambda: server.state(0) == "unhealthy")
    assert server.state(1) == "ok"


def test_baselines_and_counters_survive_kill_and_restart(tmp_path: Path, scenario: str) -> None:
    """SIGKILL: no counter steps back, the last verdicts are there at once, learning goes on; a reset is audited."""
    folder = tmp_path / "node"
    with serving(folder, "--source", scenario, "--probe-speed", "600") as server:
        eventually(lambda: all_ran(server))
        before = runs(server)
        server.signal(signal.SIGKILL)
        server.process.wait()

    with serving(folder, "--source", scenario) as server:
        eventually(lambda: runs(server))
        after = runs(server)
        learned = server.json("/api/v1/probes")["gpus"][0]["probes"][0]["runs"][0]["baselines"]
        reset = subprocess.run(
            [
                *(sys.executable, "-m", "gpuvitals", "probe", "reset"),
                *("--state-dir", str(folder / "state")),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        eventually(
            lambda: (
                not server.json("/api/v1/probes")["gpus"][0]["probes"][0]["runs"][0]["baselines"]
            )
        )

    assert all(after[probe] >= count for probe, count in before.items())
    assert learned["launch"]["runs"] > 0
    assert reset.returncode == 0, reset.stderr
    audited = [json.loads(line) for line in (folder / "state" / FILE).read_text().splitlines()]
    assert "baselines of all" in [line.get("setting") for line in audited]


@pytest.mark.tools
def test_a_real_prometheus_takes_histogram_and_exemplars(
    server: Server, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    """In OpenMetrics, where exemplars are: nothing is refused, and the median is what the simulated launches take."""
    config = {
        "global": {"scrape_interval": "1s", "scrape_protocols": ["OpenMetricsText1.0.0"]},
        "scrape_configs": [
            {
                "job_name": "gpuvitals",
                "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
            }
        ],
    }
    eventually(lambda: all_ran(server))
    with prometheus(tool("prometheus"), config, tmp_path) as running_one:
        median = eventually(
            lambda: running_one.query(
                'histogram_quantile(0.5, sum by (le) (gpu_probe_latency_seconds_bucket{gpu="0"}))'
            )
        )
        rejected = running_one.rejected()

    (value,) = median.values()
    assert 1e-5 < value < 1.5e-5
    assert rejected == {}


def test_release_leaves_no_child(server: Server) -> None:
    """After `release` neither the reader nor a probe holds the driver."""
    eventually(lambda: all_ran(server))
    server.fault(gpu=0, kind="probe_failure", probe="kernel-latency", outcome="timeout")
    eventually(lambda: len(server.children()) == 2)

    server.signal(signal.SIGUSR1)

    eventually(lambda: not server.children())
    eventually(lambda: "released" in server.log.read_text())
    assert not server.children()


def test_the_end_does_not_wait_for_a_probe(server: Server) -> None:
    """A child in the middle of a run is told to end, and does."""
    eventually(lambda: all_ran(server))
    server.fault(gpu=0, kind="probe_failure", probe="kernel-latency", outcome="timeout")
    eventually(lambda: len(server.children()) == 2)
    found = server.children()

    assert server.stop() == 0

    eventually(lambda: not any(map(running, found)))
