"""What an operator sees of Xids: the whole exporter, from a line of the kernel log to a counter and an event."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from catalog.xid import lookup
from tests.exporter.server import Server, eventually, serving

COUNTS = {code: 1 + code % 3 for code in lookup.catalogued()}


def counted(server: Server) -> Counter[tuple[str, str]]:
    """How many of each pair of code and action, over all GPUs; those that never happened are left out."""
    found: Counter[tuple[str, str]] = Counter()
    for labels, value in server.metrics().values("gpu_xid_errors_total").items():
        if value:
            own = dict(labels)
            found[own["xid"], own["action"]] += int(value)
    return found


def answering(server: Server) -> bool:
    """Whether all GPUs answer, whatever their Xids say of their state."""
    return server.metrics().total("gpu_up") == 8


def test_every_catalogued_xid_is_counted_exactly_under_one_action(tmp_path: Path) -> None:
    """172 codes, each once to three times, twice over a restart that reads no line again."""
    log = tmp_path / "kmsg"
    log.touch()
    arguments = ("--source", "sim", "--kernel-log", str(log))
    with serving(tmp_path, *arguments) as server:
        eventually(lambda: answering(server))
        bus = server.json("/api/v1/gpus")["gpus"][0]["pci_bus_id"].rpartition(".")[0]
        lines = [
            f"NVRM: Xid (PCI:{bus}): {code}, pid=4711, name=python3, text"
            for code, count in COUNTS.items()
            for _ in range(count)
        ]
        log.write_text("".join(f"{line}\n" for line in lines))
        eventually(lambda: counted(server).total() >= sum(COUNTS.values()))
        first = counted(server)
    with serving(tmp_path, *arguments) as server:
        eventually(lambda: answering(server))
        again = counted(server)
        with log.open("a") as file:
            file.write(f"{lines[0]}\n")
        eventually(lambda: counted(server).total() > sum(COUNTS.values()))
        events = server.json("/api/v1/events?kind=xid&code=79&limit=1000")["events"]

    assert (
        first
        == again
        == {
            (str(code), lookup.explain(code).action.value): count for code, count in COUNTS.items()
        }
    )
    assert len(first) == len(COUNTS) == 172
    assert len(events) == COUNTS[79]
    assert {(one["process"], one["pid"], one["action"]) for one in events} == {
        ("python3", 4711, "reboot_node")
    }


@pytest.mark.parametrize(("code", "action"), [(79, "reboot_node"), (119, "reset_gpu")])
def test_a_simulated_xid_that_nvml_does_not_tell(tmp_path: Path, code: int, action: str) -> None:
    """The simulated machine's kernel logs it: it is counted, and an event, though the GPU is gone."""
    with serving(tmp_path, "--source", "sim", "--allow-fault-injection") as server:
        eventually(lambda: answering(server))
        server.fault(gpu=3, kind="xid", code=code)
        eventually(lambda: counted(server))
        (event,) = server.json(f"/api/v1/events?code={code}")["events"]
        found = counted(server)

    assert found == {(str(code), action): 1}
    assert event["pci_bus_id"].startswith("0000")
    assert event["uuid"].startswith("GPU-")
    assert "only NVML told" not in event["message"]


def test_a_simulated_xid_that_both_tell_counts_once(tmp_path: Path) -> None:
    """NVML's event and the kernel's record are one Xid."""
    with serving(tmp_path, "--source", "sim", "--allow-fault-injection") as server:
        eventually(lambda: answering(server))
        for _ in range(3):
            server.fault(gpu=1, kind="xid", code=31)
        server.fault(gpu=1, kind="xid", code=79, at=3)
        eventually(lambda: ("79", "reboot_node") in counted(server))
        found = counted(server)

    assert found["31", "restart_app"] == 3


def test_an_override_is_taken_while_serving(tmp_path: Path) -> None:
    """SIGHUP: from then on a code counts under its new action; what it counted before stays where it is."""
    config = tmp_path / "gpuvitals.yaml"
    config.write_text("xid_actions: {31: reset_gpu}\n")
    arguments = ("--source", "sim", "--allow-fault-injection", "--config", str(config))
    with serving(tmp_path, *arguments) as server:
        eventually(lambda: answering(server))
        server.fault(gpu=0, kind="xid", code=31)
        eventually(lambda: counted(server) == {("31", "reset_gpu"): 1})
        config.write_text("xid_actions: {31: contact_support, 999: reboot_node}\n")
        server.signal(signal.SIGHUP)
        eventually(lambda: server.metrics().values("gpu_xid_errors_total", xid="999"))
        eventually(lambda: answering(server))
        server.fault(gpu=0, kind="xid", code=31)
        eventually(lambda: counted(server).total() == 2)
        found = counted(server)

    assert found == {("31", "reset_gpu"): 1, ("31", "contact_support"): 1}
