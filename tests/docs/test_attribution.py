"""docs/attribution.md before a real Prometheus: its settings keep our labels, and its queries answer."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.exporter.attribution.kubelet import Kubelet, devices, pod
from tests.exporter.server import Server, eventually, serving
from tests.prometheus import Prometheus, running

pytestmark = pytest.mark.tools

PAGE = (Path(__file__).parents[2] / "docs" / "attribution.md").read_text()
QUERIES = re.findall(r"```promql\n(.*?)\n```", PAGE, re.DOTALL)
OURS = {"namespace": "monitoring", "pod": "gpuvitals-x7k2p", "container": "gpuvitals"}
"""What a ServiceMonitor makes of the exporter's own pod: labels of the target."""


@pytest.fixture(scope="module")
def prometheus(tool: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that scrapes an exporter for each way of attribution, as the page says, and one as it should not."""
    program, folder = tool("prometheus"), tmp_path_factory.mktemp("attribution")
    kubelet = Kubelet(folder / "kubelet.sock")
    kubelet.pods = [
        pod("train-0", "nvidia0", "nvidia1"),
        pod("web-0", "nvidia2/vgpu0"),
        pod("web-1", "nvidia2/vgpu1"),
    ]
    kubelet.allocatable = [devices(*map(str, range(8)))]
    arguments = ("--source", "sim", "--pod-resources", str(kubelet.socket))
    with (
        kubelet.running(),
        serving(folder / "info", *arguments) as info,
        serving(folder / "labels", *arguments, "--attribution", "labels") as labels,
    ):
        servers = {"info": info, "labels": labels}
        for server in servers.values():
            eventually(partial(_held, server))
        jobs = [_job(name, server, honor=True) for name, server in servers.items()]
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [*jobs, _job("careless", labels, honor=False)],
        }
        with running(program, config, folder) as prometheus:
            eventually(lambda: len(prometheus.query("count_over_time(gpu_up[1m]) > 3")) == 24)
            yield prometheus


def _held(server: Server) -> bool:
    return bool(server.metrics().values("gpu_allocation_info"))


def _job(name: str, server: Server, *, honor: bool) -> Mapping[str, object]:
    return {
        "job_name": name,
        "honor_labels": honor,
        "static_configs": [{"targets": [f"127.0.0.1:{server.port}"], "labels": OURS}],
    }


@pytest.mark.parametrize("job", ["info", "labels"])
def test_no_label_is_renamed(prometheus: Prometheus, job: str) -> None:
    """With the settings of the page no series has an `exported_` label."""
    series = prometheus.query(f'{{job="{job}"}}')

    assert len(series) > 1_000
    assert not [own for own in series if any(name.startswith("exported_") for name, _ in own)]


def test_without_them_labels_are_renamed(prometheus: Prometheus) -> None:
    """Else the test before this one would see nothing."""
    (own,) = prometheus.query('gpu_power_watts{job="careless",gpu="0"}')

    assert dict(own)["exported_pod"] == "train-0"


def test_a_held_gpu_is_its_pods(prometheus: Prometheus) -> None:
    """Each way names the pod, not the exporter."""
    (row,) = prometheus.query('gpu_allocation_info{job="info",gpu="0"}')
    (watts,) = prometheus.query('gpu_power_watts{job="labels",gpu="0"}')

    for own in (row, watts):
        assert dict(own).items() >= {"namespace": "ml", "pod": "train-0"}.items()


def test_a_free_gpu_is_nobodys(prometheus: Prometheus) -> None:
    """Its series are not taken for the exporter's own pod."""
    (watts,) = prometheus.query('gpu_power_watts{job="labels",gpu="7"}')

    assert not dict(watts).keys() & {"namespace", "pod", "container"}


def test_a_shared_gpu_names_what_is_shared(prometheus: Prometheus) -> None:
    """Two pods of a namespace: the series is the namespace's, and there is one of it."""
    (watts,) = prometheus.query('gpu_power_watts{job="labels",gpu="2"}')

    assert dict(watts)["namespace"] == "ml"
    assert "pod" not in dict(watts)


def of_info(query: str) -> str:
    """The query for one of the exporters; a cluster has one per node."""
    return re.sub(r"\bgpu_\w+", r'\g<0>{job="info"}', query).replace("}{", ",")


def test_every_query_answers(prometheus: Prometheus) -> None:
    """The page's examples, as they stand but for the job."""
    assert len(QUERIES) == 3
    by_pod, divided, hours = map(of_info, QUERIES)
    held = prometheus.value('sum(gpu_power_watts{job="info",gpu=~"[012]"})')

    for query in (by_pod, divided):
        watts = by_pods(prometheus, query)
        assert watts.keys() == {"train-0", "web-0", "web-1"}
        assert watts["web-0"] == watts["web-1"]
    assert sum(by_pods(prometheus, divided).values()) == pytest.approx(held, rel=0.2)
    assert prometheus.value(hours) >= 0


def by_pods(prometheus: Prometheus, query: str) -> dict[str, float]:
    return {dict(own)["pod"]: value for own, value in prometheus.query(query).items()}
