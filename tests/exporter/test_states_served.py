"""A served node: each fault of the simulator gives its state and its event, in every place that shows them; seconds survive a kill."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exporter.server import Server, eventually, serving

_LOOK_AGAIN = {"kind": "xid", "code": 43}
"""An Xid that asks for nothing of us has the slow tier read at once."""

# The fault, the state and reason that it gives, the kind of event that tells of it.
FAULTS = [
    ({"gpu": 0, "kind": "row_remap_pending"}, "unhealthy", "recovery_gpu_reset", "row_remap"),
    ({"gpu": 1, "kind": "ecc_storm", "type": "uncorrected"}, "degraded", "ecc_uncorrected", "ecc_uncorrected"),
    ({"gpu": 2, "kind": "pcie_downtrain"}, "degraded", "pcie_link_below_maximum", "pcie_link"),
    ({"gpu": 3, "kind": "power_throttle", "watts": 300}, "degraded", "hw_power_brake_slowdown", "throttle"),
    ({"gpu": 4, "kind": "hang", "seconds": 600}, "hung", "call_overdue", "gpu_hung"),
    ({"gpu": 5, "kind": "gpu_lost"}, "lost", "gpu_is_lost", "gpu_lost"),
    ({"gpu": 6, "kind": "blanks"}, "unknown", "only_blanks", "gpu_unknown"),
    ({"gpu": 7, "kind": "clock_stuck", "mhz": 345}, "degraded", "clock_stuck", "clock_stuck"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Eight GPUs whose faults have been asked for."""
    folder = tmp_path_factory.mktemp("states")
    with serving(folder, "--source", "sim", "--allow-fault-injection") as server:
        eventually(server.all_ok)
        for fault, *_ in FAULTS:
            server.fault(**fault)
        for gpu in (0, 1, 2):
            server.fault(gpu=gpu, **_LOOK_AGAIN)
        yield server


@pytest.mark.parametrize(("fault", "state", "reason", "kind"), FAULTS)
def test_a_fault_has_its_state_reason_and_event(
    server: Server, fault: dict[str, object], state: str, reason: str, kind: str
) -> None:
    """In `/metrics`, in the API, in the events."""
    gpu = fault["gpu"]
    assert isinstance(gpu, int)

    eventually(lambda: server.state(gpu) == state)

    shown = server.json("/api/v1/gpus")["gpus"][gpu]
    assert (shown["state"], shown["reason"]) == (state, reason)
    events = eventually(
        lambda: server.json(f"/api/v1/events?uuid={shown['uuid']}&kind={kind}")["events"]
    )
    assert events
    answers = state not in ("hung", "lost", "unknown")
    assert server.metrics().value("gpu_up", gpu=str(gpu)) == answers


def test_the_page_and_the_health_answer_say_it(server: Server) -> None:
    """What must be drained or does not answer is a fault; what is degraded is a warning; the page names the cause."""
    eventually(lambda: server.state(7) == "degraded")

    health = server.json("/healthz/gpus")
    page = server.get("/")[1]

    assert server.get("/healthz/gpus")[0] == 503
    assert len(health["faults"]) == 4
    assert len(health["warnings"]) == 4
    for words in ("needs GPU reset", "PCIe gen 3 x8 of gen 5 x16", "SM clock stuck at 345"):
        assert words in page


def test_mig_that_is_switched_on_is_an_event(tmp_path: Path) -> None:
    """With what it was cut into."""
    with serving(tmp_path, "--source", "sim", "--allow-fault-injection") as server:
        eventually(server.all_ok)
        server.fault(gpu=0, kind="mig_reconfigure")
        server.fault(gpu=0, **_LOOK_AGAIN)

        (event,) = eventually(
            lambda: server.json("/api/v1/events?kind=mig_reconfigured")["events"]
        )

    assert event["message"] == "GPU 0: MIG is on: 7 x 1g.10gb"


def test_an_outage_that_a_kill_interrupts_is_one(tmp_path: Path) -> None:
    """Killed while a GPU is lost, the next exporter knows it, counts on, and tells nothing twice."""
    scenario = tmp_path / "one.yaml"
    scenario.write_text(
        "gpus: [{model: H100, count: 2}]\nfaults: [{kind: gpu_lost, gpu: 1, at: 6}]\n"
    )
    source = ("--source", f"sim:{scenario}")
    first = Server(tmp_path / "log1", "--state-dir", str(tmp_path / "state"), *source)
    eventually(lambda: first.state(1) == "lost")
    eventually(lambda: first.json("/api/v1/events?kind=gpu_lost")["events"])
    (uuid,) = {gpu["uuid"] for gpu in first.json("/api/v1/gpus")["gpus"] if gpu["gpu"] == 1}
    before = first.metrics()
    first.signal(signal.SIGKILL)
    first.process.wait(10)
    killed = time.monotonic()

    second = Server(tmp_path / "log2", "--state-dir", str(tmp_path / "state"), *source)
    try:
        eventually(lambda: second.metrics().value("gpu_expected_seconds_total", gpu="1"))
        now = second.metrics()
        absent = time.monotonic() - killed
        for name in ("available", "observed", "expected"):
            family = f"gpu_{name}_seconds_total"
            for gpu in ("0", "1"):
                then, later = before.value(family, gpu=gpu), now.value(family, gpu=gpu)
                assert then is not None
                assert later is not None
                assert then <= later <= then + absent + 2, (family, gpu)
        eventually(lambda: second.metrics().total("gpu_recovery_seconds_count", uuid=uuid) == 1)
        events = second.json(f"/api/v1/events?uuid={uuid}")["events"]
        assert [event["kind"] for event in events].count("gpu_back") == 1
    finally:
        second.stop()
