"""The exporter and its reader child as real processes, through hangs, deaths, releases and restarts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.metrics import power
from history.database import Database
from history.question import Function, Question
from history.sqlite import SqliteHistory
from tests.exporter.server import ROOT, Server, children, eventually, running, serving

CONFIG = "max_scrapes: 7\nmetrics_off: [gpu_fan_speed_ratio]\n"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration file of the shared server."""
    path = tmp_path_factory.mktemp("config") / "gpuvitals.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, config: Path) -> Iterator[Server]:
    """An exporter of eight simulated GPUs; every test leaves it well."""
    with serving(
        tmp_path_factory.mktemp("shared"),
        *("--source", "sim", "--allow-fault-injection", "--config", str(config)),
    ) as server:
        yield server


@pytest.fixture
def server(shared: Server) -> Iterator[Server]:
    """The shared exporter, when all its GPUs are well; afterwards they must be so again."""
    eventually(shared.all_ok)
    yield shared
    eventually(shared.all_ok)


# -- hangs -------------------------------------------------------------------------------------------------------------


def test_one_hung_gpu_leaves_the_others_fresh(server: Server) -> None:
    """The GPU whose call does not return is hung, the other seven go on; when the hang ends it is well."""
    server.fault(gpu=3, kind="hang", seconds=7)
    eventually(lambda: server.state(3) == "hung")
    then = server.last_read()
    others = [gpu for gpu in range(8) if gpu != 3]

    eventually(lambda: server.advances(*others, since=then))

    hung = server.metrics()
    assert server.last_read()["3"] == then["3"]
    assert hung.value("gpu_up", gpu="3") == 0
    assert hung.value("gpu_power_watts", gpu="3") is None
    assert hung.value("gpu_busy_seconds_total", gpu="3") is not None
    assert len(hung.values("gpu_info", gpu="3")) == 1
    status, body = server.get("/healthz/gpus")
    assert status == 503
    assert "hung: call_overdue" in body
    eventually(lambda: server.advances(3, since=then))
    path = "/api/v1/events?kind=gpu_hung,gpu_back"
    eventually(
        lambda: (
            [event["kind"] for event in server.json(path)["events"]] == ["gpu_back", "gpu_hung"]
        )
    )


def test_a_driver_that_blocks_everyone(server: Server) -> None:
    """One GPU is hung, of the others nothing is known; the timestamps freeze, and /metrics answers."""
    server.fault(gpu=2, kind="hang", seconds=7, blocks_all=True)

    eventually(lambda: server.metrics().total("gpu_state", state="unknown") == 7)

    assert server.state(2) == "hung"
    gpus = server.json("/api/v1/gpus")["gpus"]
    assert [gpu["reason"] for gpu in gpus if gpu["state"] == "unknown"] == ["driver_blocked"] * 7
    frozen = server.last_read()
    time.sleep(1.5)
    assert server.last_read() == frozen
    assert server.get("/healthz")[0] == 200
    eventually(lambda: server.advances(*range(8), since=frozen))


def test_gpus_that_hang_one_after_the_other_are_all_hung(tmp_path: Path) -> None:
    """The second answered while the first hung, so each hangs by itself: neither hides behind a blocked driver."""
    scenario = tmp_path / "two.yaml"
    scenario.write_text(
        "gpus: [{model: H100, count: 2}]\nfaults:\n"
        "- {kind: hang, gpu: 0, at: 3, seconds: 600}\n- {kind: hang, gpu: 1, at: 5, seconds: 600}\n",
        encoding="utf-8",
    )
    with serving(tmp_path / "node", "--source", f"sim:{scenario}") as server:
        eventually(lambda: server.metrics().total("gpu_state", state="hung") == 2)


def test_a_lost_gpu_comes_back(server: Server) -> None:
    """It is lost, keeps its name, costs the others nothing, and is noticed when it answers again."""
    server.fault(gpu=5, kind="gpu_lost", seconds=3)

    eventually(lambda: server.state(5) == "lost")

    assert len(server.metrics().values("gpu_info", gpu="5")) == 1
    assert server.metrics().total("gpu_up") == 7
    eventually(lambda: server.state(5) == "recovering")
    kinds = [
        event["kind"] for event in server.json("/api/v1/events?kind=gpu_lost,gpu_back")["events"]
    ]
    assert kinds[:2] == ["gpu_back", "gpu_lost"]


# -- the child ---------------------------------------------------------------------------------------------------------


def test_a_killed_child_is_replaced(server: Server) -> None:
    """Samples are fresh again, by a new child; the restart is counted."""
    (child,) = server.children()
    then = server.last_read()
    before = server.metrics().value("gpuvitals_reader_restarts_total", reason="killed")
    assert before is not None

    os.kill(child, signal.SIGKILL)
    eventually(lambda: server.advances(*range(8), since=then))

    assert server.children() != [child]
    after = server.metrics().value("gpuvitals_reader_restarts_total", reason="killed")
    assert after == before + 1


def test_a_simulated_machine_outlives_its_reader(server: Server) -> None:
    """Faults that were injected are still under way when the child was killed, and what was counted stays counted."""
    server.fault(gpu=1, kind="pcie_downtrain", width=4)
    server.fault(gpu=1, kind="ecc_storm", rate=100, seconds=1)
    server.fault(gpu=1, kind="xid", code=43)
    eventually(lambda: server.metrics().value("gpu_pcie_link_width", gpu="1") == 4)
    before = server.metrics()
    then = server.last_read()

    (child,) = server.children()
    os.kill(child, signal.SIGKILL)
    eventually(lambda: server.advances(*range(8), since=then))

    eventually(lambda: server.metrics().value("gpu_pcie_link_width", gpu="1") == 4)
    after = server.metrics()
    for name in ("gpu_energy_joules_total", "gpu_ecc_errors_total"):
        assert after.total(name, gpu="1") >= before.total(name, gpu="1") > 0
    xids = server.json("/api/v1/events?kind=xid")["events"]
    assert [xid["code"] for xid in xids] == [43]


def test_a_gpu_that_is_not_there_at_first_comes_later(tmp_path: Path) -> None:
    """It cannot be opened, and the driver counts it: it is read once it can be. The scenario names the node."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "node: rack-7\n"
        "gpus: [{model: H100, count: 2}]\n"
        "faults: [{kind: gpu_lost, gpu: 1, seconds: 4}]\n"
    )
    with serving(tmp_path / "node", "--source", f"sim:{scenario}") as server:
        eventually(lambda: server.all_ok(1))
        eventually(lambda: server.all_ok(2))

        assert len(server.metrics().values("gpu_info", node="rack-7")) == 2


def test_a_stopped_child_is_replaced(server: Server) -> None:
    """A child that is there but silent is taken for dead."""
    (child,) = server.children()

    os.kill(child, signal.SIGSTOP)
    eventually(lambda: server.metrics().total("gpuvitals_reader_restarts_total", reason="silent"))

    eventually(server.all_ok)
    assert not running(child)
    assert len(server.children()) == 1


def test_nothing_holds_the_driver_while_it_is_released(server: Server) -> None:
    """`gpuvitals release` ends the child; no process reads until the time is over, then it reads again."""
    state_dir = server.log.parent / "state"
    released = subprocess.run(
        [
            *(sys.executable, "-m", "gpuvitals", "release"),
            *("--for", "3s", "--state-dir", str(state_dir)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (
        released.stdout
        == f"the exporter with pid {server.process.pid} lets go of the driver for 3s\n"
    )
    eventually(lambda: server.metrics().value("gpuvitals_driver_up") == 0)

    assert server.children() == []
    assert server.metrics().total("gpu_state", state="unknown") == 8

    server.signal(signal.SIGHUP)  # A reload must not end the release.
    time.sleep(1.0)
    assert server.children() == []
    eventually(lambda: server.metrics().value("gpuvitals_driver_up") == 1)
    eventually(server.all_ok)


# -- configuration -----------------------------------------------------------------------------------------------------


def reloads(server: Server, outcome: str) -> float:
    """How many reloads ended so."""
    return server.metrics().total("gpuvitals_config_reloads_total", outcome=outcome)


def test_a_bad_file_changes_nothing(server: Server, config: Path) -> None:
    """SIGHUP with a wrong file keeps what was there, child and all, and is counted."""
    (child,) = server.children()
    before = reloads(server, "failure")
    config.write_text("max_scrapes: many\n", encoding="utf-8")

    server.signal(signal.SIGHUP)
    eventually(lambda: reloads(server, "failure") == before + 1)

    assert server.children() == [child]
    assert f"{config}:1: max_scrapes must be a whole number" in server.log.read_text()
    config.write_text(CONFIG, encoding="utf-8")


def test_a_good_file_takes_effect(server: Server, config: Path) -> None:
    """SIGHUP with a new file leaves out what it switches off."""
    before = reloads(server, "success")
    config.write_text(
        "collectors: [-power]\nmetrics_off: [gpu_processes, gpuvitals_build_info]\n",
        encoding="utf-8",
    )

    server.signal(signal.SIGHUP)
    eventually(lambda: reloads(server, "success") == before + 1)
    eventually(server.all_ok)

    families = server.metrics().families
    assert "gpu_utilization_ratio" in families
    assert not {"gpu_power_watts", "gpu_processes", "gpuvitals_build_info"} & families
    config.write_text(CONFIG, encoding="utf-8")
    server.signal(signal.SIGHUP)
    eventually(lambda: "gpu_power_watts" in server.metrics().families)


# -- beginning and end -------------------------------------------------------------------------------------------------


def test_what_was_counted_outlives_the_process(tmp_path: Path) -> None:
    """SIGTERM ends it cleanly with status 0; totals go on where they were, and the last minute is in the history."""
    with serving(tmp_path, "--source", "sim") as first:
        eventually(lambda: first.metrics().total("gpu_busy_seconds_total") > 8)
        last = first.metrics()
        assert first.stop() == 0
        assert first.children() == []

    with Database.open(tmp_path / "state") as database:
        now = int(time.time()) // 60 * 60 + 60
        question = Question(
            metric=power.NOW, function=Function.LAST, start=now - 300, end=now, step=60
        )
        assert len(SqliteHistory(database).answer(question)) == 8

    with serving(tmp_path, "--source", "sim") as second:
        eventually(lambda: len(second.metrics().values("gpu_busy_seconds_total")) == 8)
        again = second.metrics().values("gpu_busy_seconds_total")
        for labels, value in last.values("gpu_busy_seconds_total").items():
            assert again[labels] >= value


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    """An exporter that is killed leaves nobody behind who holds the driver, and its folder to the next."""
    with serving(tmp_path, "--source", "sim") as server:
        (child,) = eventually(server.children)
        server.process.kill()
        server.process.wait()

        eventually(lambda: not running(child))

    with serving(tmp_path, "--source", "sim") as server:
        eventually(server.all_ok)


def test_a_stream_that_is_open_does_not_keep_it(tmp_path: Path) -> None:
    """Whoever has the page open is let go at the end."""
    with (
        serving(tmp_path, "--source", "sim") as server,
        subprocess.Popen(
            ["curl", "-sN", f"http://127.0.0.1:{server.port}/live"], stdout=subprocess.PIPE
        ) as client,
    ):
        assert client.stdout is not None
        client.stdout.read(1)

        assert server.stop() == 0
        client.wait(10)


# -- no driver ---------------------------------------------------------------------------------------------------------


def test_no_driver_is_served_all_the_same(tmp_path: Path) -> None:
    """Without a driver it serves, says so, and is ready: a DaemonSet rolls out on nodes that have none yet."""
    library = ("--nvml-library", str(tmp_path / "libnvidia-ml.so.1"))
    with serving(tmp_path, "--source", "nvml", *library) as server:
        eventually(lambda: server.get("/readyz")[0] == 200)

        assert server.metrics().value("gpuvitals_driver_up") == 0
        assert server.metrics().values("gpu_up") == {}
        assert server.get("/healthz")[0] == 200
        assert server.get("/healthz/gpus")[0] == 503
        (event,) = server.json("/api/v1/events")["events"]
        assert event["kind"] == "driver_down"
        assert "no NVIDIA driver library" in event["message"]


def test_a_recording_needs_a_driver(tmp_path: Path) -> None:
    """`record` without a driver ends with one line."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "gpuvitals", "record", "--seconds", "1"),
            *("--out", str(tmp_path / "r.gz"), "--nvml-library", str(tmp_path / "lib.so")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "no NVIDIA driver library" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_recording_that_is_ended_early_is_whole(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM close the file; what was recorded until then can be played."""
    path = tmp_path / "r.jsonl.gz"
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "gpuvitals", "record", "--source", "sim"),
            *("--seconds", "600", "--out", str(path)),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as recording:
        eventually(lambda: path.exists() and path.stat().st_size > 0)
        time.sleep(1.5)
        recording.send_signal(number)
        _, said = recording.communicate(timeout=20)

    assert recording.returncode == 0
    assert said.startswith(f"{path}: 8 GPUs, ")
    with serving(tmp_path / "play", "--source", f"replay:{path}") as server:
        eventually(server.all_ok)
        assert server.metrics().total("gpu_memory_used_bytes") > 0


def test_children_are_seen() -> None:
    """The tests above would see a child if there was one."""
    with subprocess.Popen(["sleep", "60"]) as child:
        assert child.pid in children(os.getpid())
        assert running(child.pid)
        child.kill()
    assert not running(child.pid)
