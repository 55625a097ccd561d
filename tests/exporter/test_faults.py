"""Every fault of the simulator can be asked for over HTTP or in a scenario file, and shows in `/metrics`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from probes.sim.faults import KINDS
from tests.exporter.server import Metrics, Server, eventually, serving

# In the slow tier; an Xid that means nothing else makes the GPU's slow tier be read at once.
_LOOK_AGAIN = {"kind": "xid", "code": 43}

# What each fault is asked for with, and what then is so of its GPU.
FAULTS: dict[str, tuple[dict[str, object], Callable[[Metrics, str], bool]]] = {
    "xid": (
        {"gpu": 0, "code": 63},
        lambda now, gpu: now.value("gpu_row_remap_pending", gpu=gpu) == 1,
    ),
    "ecc_storm": (
        {"gpu": 1},
        lambda now, gpu: now.total("gpu_ecc_errors_total", gpu=gpu, type="corrected") > 0,
    ),
    "row_remap_pending": (
        {"gpu": 2, "rows": 3},
        lambda now, gpu: now.value("gpu_remapped_rows", gpu=gpu, type="uncorrected") == 3,
    ),
    "pcie_downtrain": (
        {"gpu": 2, "width": 4},
        lambda now, gpu: now.value("gpu_pcie_link_width", gpu=gpu) == 4,
    ),
    "thermal_throttle": (
        {"gpu": 3, "celsius": 100},
        lambda now, gpu: (
            now.value("gpu_clock_event_active", gpu=gpu, reason="sw_thermal_slowdown") == 1
        ),
    ),
    "power_throttle": (
        {"gpu": 4, "watts": 300},
        lambda now, gpu: (
            now.value("gpu_clock_event_active", gpu=gpu, reason="hw_power_brake_slowdown") == 1
        ),
    ),
    "clock_stuck": (
        {"gpu": 5, "mhz": 500},
        lambda now, gpu: now.value("gpu_clock_hertz", gpu=gpu, clock="sm") == 500e6,
    ),
    "bandwidth_loss": (
        {"gpu": 6, "left": 0.05},
        lambda now, gpu: (now.value("gpu_dram_active_ratio", gpu=gpu) or 1) < 0.06,
    ),
    "nvlink_errors": (
        {"gpu": 6, "error": "replay"},
        lambda now, gpu: (now.value("gpu_nvlink_errors_total", gpu=gpu, kind="replay") or 0) > 0,
    ),
    "blanks": (
        {"gpu": 7, "which": "power"},
        lambda now, gpu: (
            now.value("gpu_power_watts", gpu=gpu) is None
            and now.total("gpuvitals_values_rejected_total", collector="power") > 0
        ),
    ),
    "hang": (
        {"gpu": 7, "at": 3},
        lambda now, gpu: now.value("gpu_state", gpu=gpu, state="hung") == 1,
    ),
    "gpu_lost": (
        {"gpu": 4, "at": 3},
        lambda now, gpu: now.value("gpu_state", gpu=gpu, state="lost") == 1,
    ),
    "mig_reconfigure": (
        {"gpu": 1},
        lambda now, gpu: now.value("gpu_mig_mode", gpu=gpu) == 1,
    ),
    "probe_failure": ({"gpu": 0}, lambda now, gpu: now.value("gpu_up", gpu=gpu) == 1),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Eight GPUs whose faults have been asked for."""
    folder = tmp_path_factory.mktemp("faults")
    with serving(folder, "--source", "sim", "--allow-fault-injection") as server:
        eventually(server.all_ok)
        for kind, (fields, _) in FAULTS.items():
            server.fault(kind=kind, **fields)
        for gpu in (1, 2):
            server.fault(gpu=gpu, **_LOOK_AGAIN)
        yield server


def test_all_kinds_are_tried() -> None:
    """The table below leaves no fault out."""
    assert FAULTS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_shows(server: Server, kind: str) -> None:
    """What was asked for is so in `/metrics`, of the GPU that it was asked of."""
    fields, shows = FAULTS[kind]

    eventually(lambda: shows(server.metrics(), str(fields["gpu"])))


def test_an_xid_is_an_event(server: Server) -> None:
    """An Xid is in the log of events, with its code and its GPU."""
    events = eventually(lambda: server.json("/api/v1/events?kind=xid")["events"])

    assert {event["code"] for event in events} == {63, 43}
    assert all(event["uuid"].startswith("GPU-") for event in events)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ('{"gpu": 8, "kind": "hang"}', "gpu 8: this node has GPUs 0 to 7"),
        ('{"gpu": 0, "kind": "hank"}', "did you mean 'hang'"),
        ('{"gpu": 0}', "'kind'"),
        ('{"gpu": 0, "kind": "hang", "second": 3}', "did you mean 'seconds'"),
        ('{"gpu": 0, "kind": "xid", "code": "79"}', "code: "),
        ('{"gpu": 1e999, "kind": "hang"}', "out of range"),
        ('{"gpu": 100000000000000000000, "kind": "hang"}', "cannot be sent"),
        ('{"gpu": 0, "kind": "\\ud800"}', "the body is not JSON"),
        ('{"gpu": 0, "kind": ["hang"]}', "nothing nested"),
        ("[]", "must be an object"),
        ("hang", "the body is not JSON"),
        ("", "the body is not JSON"),
        ("[" * 60_000, "must be an object"),
        ('{"gpu":' * 9_000, "nothing nested"),
    ],
)
def test_a_wrong_request_is_refused(server: Server, fault: str, complaint: str) -> None:
    """400, and a body that says what is wrong."""
    status, body = server.get("/api/v1/faults", "POST", fault)

    assert status == 400
    assert complaint in body


def test_a_scenario_file_has_the_same_words(tmp_path: Path) -> None:
    """Faults of a scenario show as those that are asked for."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "gpus: [{model: H100, count: 2}, {model: A100}]\n"
        "faults:\n"
        "  - {kind: pcie_downtrain, gpu: 0, width: 8}\n"
        "  - {kind: row_remap_pending, gpu: 1}\n"
        "  - {kind: gpu_lost, gpu: 2, at: 2}\n"
    )
    with serving(tmp_path / "node", "--source", f"sim:{scenario}") as server:
        eventually(lambda: server.state(2) == "lost")

        now = server.metrics()
        assert now.value("gpu_pcie_link_width", gpu="0") == 8
        assert now.value("gpu_row_remap_pending", gpu="0") == 0
        assert now.value("gpu_row_remap_pending", gpu="1") == 1
        assert server.get("/api/v1/faults", "POST", "{}")[0] == 404
