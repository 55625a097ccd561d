"""An exporter on the simulator beside a kubelet: what `/metrics`, the API and the page say of who uses which GPU."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exporter.attribution.kubelet import Kubelet, claimed, devices, pod
from tests.exporter.server import Server, eventually, serving

INFO, SECONDS = "gpu_allocation_info", "gpu_allocation_seconds_total"
ALL = [devices(*(f"nvidia{minor}" for minor in range(8)))]


@pytest.fixture
def kubelet(tmp_path: Path) -> Iterator[Kubelet]:
    """One that offers all eight GPUs, of which a pod has two."""
    folder = tmp_path / "pod-resources"
    folder.mkdir()
    kubelet = Kubelet(folder / "kubelet.sock")
    kubelet.pods = [pod("train-0", "nvidia0", "nvidia1"), pod("web-0")]
    kubelet.allocatable = ALL
    with kubelet.running():
        yield kubelet


def settings(kubelet: Kubelet) -> tuple[str, ...]:
    return ("--source", "sim", "--pod-resources", str(kubelet.socket))


def holders(server: Server) -> dict[str, str]:
    """The pods by the GPU's index."""
    found = [dict(own) for own in server.metrics().values(INFO)]
    return {own["gpu"]: f"{own['namespace']}/{own['pod']}" for own in found}


def seconds(server: Server, gpu: int, state: str) -> float:
    return server.metrics().total(SECONDS, gpu=str(gpu), state=state)


def test_pods_come_and_go(kubelet: Kubelet, tmp_path: Path) -> None:
    """Who holds a GPU, and for how long it was free or used, over a restart of the exporter too."""
    arguments = settings(kubelet)
    with serving(tmp_path / "exporter", *arguments) as server:
        eventually(lambda: holders(server) == {"0": "ml/train-0", "1": "ml/train-0"})
        eventually(lambda: seconds(server, 0, "allocated_active") > 1)
        eventually(lambda: seconds(server, 7, "free") > 1)
        assert seconds(server, 0, "free") == 0

        kubelet.pods = [pod("next-0", "nvidia1"), claimed("claimer-0", "gpu-2")]
        eventually(lambda: holders(server) == {"1": "ml/next-0", "2": "ml/claimer-0"})
        eventually(lambda: seconds(server, 0, "free") > 1)
        before = seconds(server, 0, "allocated_active")
        assert server.metrics().value("gpuvitals_attribution_ambiguous_total") == 0

    with serving(tmp_path / "exporter", *arguments) as server:
        eventually(lambda: holders(server) == {"1": "ml/next-0", "2": "ml/claimer-0"})
        eventually(lambda: seconds(server, 0, "free") > 2)
        assert seconds(server, 0, "allocated_active") == pytest.approx(before, abs=1e-6)


def test_a_gpu_that_is_handed_out_and_never_found_is_expected(
    kubelet: Kubelet, tmp_path: Path
) -> None:
    """It is shown as lost, and its seconds count against the node."""
    kubelet.allocatable = [devices(*(f"nvidia{minor}" for minor in range(9)))]
    with serving(tmp_path / "exporter", *settings(kubelet)) as server:
        eventually(lambda: server.metrics().total("gpu_state", gpu="8", state="lost") == 1)
        eventually(lambda: server.metrics().total("gpu_expected_seconds_total", gpu="8") > 0)


def test_the_kubelet_restarts(kubelet: Kubelet, tmp_path: Path) -> None:
    """What it said holds while it is away, is counted, and what it says on its new socket is news."""
    kubelet.socket = tmp_path / "pod-resources" / "restarting.sock"
    with serving(tmp_path / "exporter", *settings(kubelet)) as server:
        with kubelet.running():
            eventually(lambda: len(holders(server)) == 2)
        eventually(
            lambda: server.metrics().total(
                "gpuvitals_attribution_failures_total", source="kubelet", reason="unreachable"
            )
        )
        assert len(holders(server)) == 2
        kubelet.pods = [pod("next-0", "nvidia5")]
        with kubelet.running():
            eventually(lambda: holders(server) == {"5": "ml/next-0"})
    assert "attribution.recovered" in server.log.read_text()


def test_the_kubelet_hangs(kubelet: Kubelet, tmp_path: Path) -> None:
    """Scrapes answer and readings go on; the question ends by its deadline."""
    with serving(tmp_path / "exporter", *settings(kubelet)) as server:
        eventually(lambda: len(holders(server)) == 2)
        kubelet.hangs = True
        asked, read = kubelet.asked, server.last_read()
        eventually(lambda: kubelet.asked > asked)

        eventually(lambda: server.advances(*range(8), since=read))
        eventually(
            lambda: server.metrics().total(
                "gpuvitals_attribution_failures_total", source="kubelet", reason="timeout"
            )
        )


def test_labels_on_every_series(kubelet: Kubelet, tmp_path: Path) -> None:
    """With `attribution: labels` a GPU's series name its holder, and those of a free one nobody; the API names them too."""
    with serving(tmp_path / "exporter", *settings(kubelet), "--attribution", "labels") as server:
        eventually(lambda: len(holders(server)) == 2)
        metrics = server.metrics()
        (gpu, *_), (free,) = (
            [each for each in server.json("/api/v1/gpus")["gpus"] if each["gpu"] == index]
            for index in (0, 7)
        )

    (own,) = metrics.values("gpu_power_watts", gpu="0", pod="train-0", namespace="ml")
    assert dict(own)["container"] == "main"
    (nobody,) = metrics.values("gpu_power_watts", gpu="7")
    assert {dict(nobody)[name] for name in ("namespace", "pod", "container", "hpc_job")} == {""}
    assert gpu["holders"] == [
        {"namespace": "ml", "pod": "train-0", "container": "main", "hpc_job": ""}
    ]
    assert free["holders"] == []


def test_the_page_names_the_holders(kubelet: Kubelet, tmp_path: Path) -> None:
    """In the table and in the view of one GPU, with whatever a scheduler calls a job made harmless."""
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "0").write_text("<script>alert(1)</script>\n")
    arguments = (*settings(kubelet), "--job-mapping-dir", str(jobs))
    with serving(tmp_path / "exporter", *arguments) as server:
        eventually(lambda: len(holders(server)) == 2)
        eventually(lambda: "job &lt;script&gt;" in server.get("/")[1])
        uuid = server.json("/api/v1/gpus")["gpus"][0]["uuid"]
        pages = server.get("/")[1], server.get(f"/gpus/{uuid}")[1]

    for page in pages:
        assert "ml/train-0" in page
        assert "<script>alert" not in page


def test_without_any_source_there_is_no_series(tmp_path: Path) -> None:
    """No holder, no seconds, no column on the page."""
    with serving(tmp_path / "exporter", "--source", "sim") as server:
        eventually(server.all_ok)
        metrics, page = server.metrics(), server.get("/")[1]

    assert not {INFO, SECONDS.removesuffix("_total")} & metrics.families
    assert "Used by" not in page


def test_mig(kubelet: Kubelet, tmp_path: Path) -> None:
    """Instances have holders of their own, named by UUID; the GPU is shared by size, its activity unknown."""
    scenario = tmp_path / "mig.yaml"
    scenario.write_text("gpus: [{model: H100, count: 1, workload: training, mig: true}]\n")
    kubelet.pods = []
    with serving(
        tmp_path / "exporter",
        *("--source", f"sim:{scenario}", "--pod-resources", str(kubelet.socket)),
    ) as server:
        found = eventually(lambda: server.metrics().values("gpu_mig_instance_info"))
        ids = {dict(own)["mig_uuid"]: dict(own)["gpu_instance_id"] for own in found}
        instances = list(ids)
        resource = "nvidia.com/mig-1g.10gb"
        kubelet.allocatable = [devices(*instances, resource=resource)]
        kubelet.pods = [
            pod("a", instances[0], resource=resource),
            pod("b", f"{instances[1]}::0", resource=f"{resource}.shared"),
            pod("c", f"{instances[1]}::1", resource=f"{resource}.shared"),
        ]
        eventually(lambda: len(server.metrics().values("gpu_mig_allocation_info")) == 3)
        before = server.metrics()
        enough = before.total(SECONDS, gpu="0", state="free") + 2
        eventually(lambda: seconds(server, 0, "free") > enough)
        metrics = server.metrics()

    assert {dict(own)["pod"] for own in metrics.values(INFO)} == {"a", "b", "c"}
    (own,) = metrics.values("gpu_mig_allocation_info", pod="a")
    assert dict(own)["gpu_instance_id"] == ids[instances[0]]
    free, unknown = (
        metrics.total(SECONDS, state=state) - before.total(SECONDS, state=state)
        for state in ("free", "allocated_unknown")
    )
    assert unknown / (unknown + free) == pytest.approx(2 / 7)


def test_of_two_pods_the_one_with_a_process(kubelet: Kubelet, tmp_path: Path) -> None:
    """The pids that the driver tells lead to the pod's control group; a pod without a process is not shown."""
    uid = "0c2b6a5e-9c1d-4b7e-8f3a-1234567890ab"
    logs, procfs = tmp_path / "pods", tmp_path / "proc"
    (logs / f"ml_live-0_{uid}").mkdir(parents=True)
    kubelet.pods = [pod("done-0", "nvidia0"), pod("live-0", "nvidia0")]
    arguments = (*settings(kubelet), "--procfs", str(procfs), "--pod-logs", str(logs))
    with serving(tmp_path / "exporter", *arguments) as server:
        eventually(lambda: server.metrics().value("gpuvitals_attribution_ambiguous_total"))
        assert holders(server) == {}
        assert not seconds(server, 0, "free")

        process = procfs / "40000"  # the simulator's first
        process.mkdir(parents=True)
        (process / "cgroup").write_text(f"0::/kubepods/pod{uid}/{'3f4e' * 16}\n")
        eventually(lambda: holders(server) == {"0": "ml/live-0"})
        assert server.metrics().value("gpuvitals_attribution_ambiguous_total") == 1
