"""`gpuvitals probe`: a result for a person, a line for a program, and the exit status for a script."""

import json
from pathlib import Path

import pytest

from gpuvitals.cli import main

IDLE = "gpus: [{model: H200, count: 2, workload: idle}]\n"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Two idle GPUs."""
    file = tmp_path / "idle.yaml"
    file.write_text(IDLE)
    return f"sim:{file}"


def faulty(tmp_path: Path, fault: str) -> str:
    """The same, the first one with a fault."""
    file = tmp_path / "faulty.yaml"
    file.write_text(f"{IDLE}faults: [{fault}]\n")
    return f"sim:{file}"


def test_a_person_reads_the_bandwidth(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Verdict, GB/s, share of the peak."""
    assert main(["probe", "run", "memory-bandwidth", "--source", source]) == 0

    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "GPU 0, NVIDIA H200: memory-bandwidth is healthy"
    (read,) = [line for line in lines if line.split()[0] == "read"]
    assert "GB/s" in read
    assert "% of the peak" in read


def test_json_is_one_line(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the context that it was measured in."""
    assert (
        main(["probe", "run", "kernel-latency", "--gpu", "1", "--source", source, "--json"]) == 0
    )

    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["gpu"], found["verdict"], found["outcome"]) == (1, "healthy", "success")
    assert 0 < found["latencies"][0]["p50"] <= found["latencies"][0]["p99"]
    assert found["context"]["driver"] == "580.159.04"


@pytest.mark.parametrize("name", ["host-link", "memory-sweep", "compute-integrity", "peer-link"])
def test_every_probe_can_be_run(
    name: str, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one of two GPUs."""
    assert main(["probe", "run", name, "--source", source]) == 0
    assert "is healthy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("{gpu: 0, kind: bandwidth_loss, left: 0.3}", "is degraded: read below the floor"),
        (
            "{gpu: 0, kind: probe_failure, probe: memory-bandwidth, outcome: failed}",
            "is failed: address: found",
        ),
        (
            "{gpu: 0, kind: probe_failure, probe: memory-bandwidth, outcome: above_peak}",
            "gave no answer: read:",
        ),
        (
            "{gpu: 0, kind: probe_failure, probe: memory-bandwidth, outcome: crash}",
            "gave no answer: the child crashed",
        ),
    ],
)
def test_no_is_1(
    fault: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Degraded, failed, an answer that cannot be true, none at all: the text says which."""
    source = faulty(tmp_path, fault)

    assert main(["probe", "run", "memory-bandwidth", "--source", source]) == 1

    assert said in capsys.readouterr().out


def test_a_tenant_is_not_disturbed(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody trains there: the gate refuses what needs an idle GPU, unless it is forced."""
    assert main(["probe", "run", "memory-bandwidth", "--source", "sim"]) == 1
    assert "did not run: busy" in capsys.readouterr().out

    assert main(["probe", "run", "memory-bandwidth", "--source", "sim", "--force"]) == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["memory-bandwith", "--source", "sim"], "did you mean 'memory-bandwidth'?"),
        (["host-link", "--source", "sim", "--gpu", "9"], "there is no GPU '9'; there are 0 (GPU-"),
        (["host-link", "--source", "replay:x"], "a recording has no GPU to probe"),
        (["host-link", "--source", "ram"], "is not known"),
    ],
)
def test_what_is_to_be_mended_is_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says what and how."""
    assert main(["probe", "run", *arguments]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line


def test_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    """For people, and for programs."""
    assert main(["probe", "list"]) == 0
    text = capsys.readouterr().out
    assert main(["probe", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert len(rows) == 7
    assert all(row["probe"] in text for row in rows)


def test_reset_needs_an_exporter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody serves from an empty folder."""
    assert main(["probe", "reset", "--state-dir", str(tmp_path)]) == 2
    assert "no exporter serves from" in capsys.readouterr().err
