"""`gpuvitals simulate` as a user runs it."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gpuvitals.cli import main
from tests.servers import free_port, get, started


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nodes", "0", "--gpus", "8"], "'--nodes': 0 is not in the range 1<=x<=1000"),
        (["--nodes", "1", "--gpus", "73"], "'--gpus': 73 is not in the range 1<=x<=72"),
        (["--nodes", "1", "--gpus", "1", "--model", "H1"], "'H1' is not one of 'H100', 'H200'"),
        (["--nodes", "1", "--gpus", "1", "--listen", "here"], "'here' is not HOST:PORT"),
        (["--nodes", "1"], "Missing option '--gpus'"),
    ],
)
def test_a_wrong_option_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is said in one line, with exit code 2."""
    assert main(["simulate", *arguments]) == 2

    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is promised before the port is ours."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        assert main(["simulate", "--nodes", "1", "--gpus", "1", "--listen", address]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"gpuvitals: listen: cannot serve on {address}")
    assert error.count("\n") == 1


def test_help_loads_no_server() -> None:
    """`--help` must answer at once, so it imports neither aiohttp nor prometheus_client."""
    program = (
        "import sys; from gpuvitals.cli import main; main(['simulate', '--help']); "
        "sys.exit(bool({'aiohttp', 'prometheus_client'} & sys.modules.keys()))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_it_serves_until_told_to_end(tmp_path: Path) -> None:
    """It serves what was asked for, and SIGTERM ends it well."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gpuvitals", "simulate", "--nodes", "3", "--gpus", "2"]
    command += ["--model", "A100", "--workload", "idle", "--listen", url.removeprefix("http://")]
    log = tmp_path / "log"
    with started(command, f"{url}/healthz", log) as process:
        targets = json.loads(get(f"{url}/sd"))
        metrics = get(url + targets[2]["labels"]["__metrics_path__"])
        process.send_signal(signal.SIGTERM)

        assert process.wait(5) == 0

    assert len(targets) == 3
    assert metrics.count('model="NVIDIA A100-SXM4-80GB"') == 2
    assert f"Serving 3 x 2 A100: {url}/" in log.read_text()
