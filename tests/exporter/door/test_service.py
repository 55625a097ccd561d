"""The whole exporter behind a locked door: a process, as an operator starts it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from catalog.metrics import exporter
from exporter.audit import FILE
from gpuvitals.cli import cli
from gpuvitals.context import World
from tests.exporter.door.house import PASSWORD, basic, hashed
from tests.exporter.server import ROOT, Metrics, Server, eventually, serving

HASH = hashed(PASSWORD)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the state lies, and web.yml beside it."""
    made = tmp_path_factory.mktemp("locked")
    (made / "web.yml").write_text(f"basic_auth_users: {{alice: '{HASH}'}}")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """An exporter on the simulator that knows Alice and takes faults."""
    config = str(folder / "web.yml")
    with serving(folder, "--source=sim", "--allow-fault-injection", "--web-config", config) as up:
        yield up


def ask(
    server: Server, path: str, user: str = "alice", body: str | None = None
) -> tuple[int, str]:
    """Status and body."""
    request = Request(
        f"http://127.0.0.1:{server.port}{path}",
        headers={"Authorization": basic(user, PASSWORD)},
        data=body.encode() if body else None,
    )
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def audit(folder: Path) -> list[dict[str, str]]:
    file = folder / "state" / FILE
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_denials_are_counted_from_zero(server: Server) -> None:
    """Each reason has a series before its first case."""
    status, text = ask(server, "/metrics")

    assert status == 200
    counted = Metrics(text).values(exporter.REQUESTS_DENIED.name)
    assert len(counted) >= 8
    assert set(counted.values()) == {0.0}


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/gpus", "/api/v1/events", "/nowhere"])
def test_nothing_is_said_to_strangers(server: Server, path: str) -> None:
    """Not even what exists."""
    assert ask(server, path, user="mallory")[0] == 401
    assert server.get(path)[0] == 401


def test_faults_are_in_the_audit_log(server: Server, folder: Path) -> None:
    """Who asked for which, and whether it was taken; a stranger's is a denied request."""
    eventually(lambda: ask(server, "/readyz")[0] == 200)
    fault = '{"gpu": 0, "kind": "hang", "seconds": 1}'
    assert ask(server, "/api/v1/faults", body=fault)[0] == 202
    assert ask(server, "/api/v1/faults", body='{"kind": "nonsense"}')[0] == 400
    assert ask(server, "/api/v1/faults", user="mallory", body=fault)[0] == 401

    taken, refused, denied = audit(folder)[-3:]
    assert (taken["who"], taken["fault"]) == ("alice@127.0.0.1", fault)
    assert (taken["what"], taken["outcome"]) == ("fault_injection", "accepted")
    assert (refused["what"], refused["outcome"]) == ("fault_injection", "refused")
    assert (denied["what"], denied["path"]) == ("request", "/api/v1/faults")


def test_reloads_are_in_the_audit_log(server: Server, folder: Path) -> None:
    """Of the configuration, on SIGHUP, and of the web configuration, when it changes."""
    server.signal(signal.SIGHUP)
    eventually(lambda: any(line["what"] == "configuration" for line in audit(folder)))
    (folder / "web.yml").write_text("basic_auth_user: {}")
    assert ask(server, "/metrics")[0] == 200

    line = audit(folder)[-1]
    assert (line["setting"], line["outcome"]) == ("web_config", "refused")
    assert "did you mean 'basic_auth_users'?" in line["reason"]


def test_no_secret_comes_out(server: Server, folder: Path) -> None:
    """Neither in the log, nor in metrics, nor in the audit log."""
    told = ask(server, "/metrics")[1] + json.dumps(audit(folder)) + server.log.read_text()

    assert PASSWORD not in told
    assert HASH not in told


def test_config_show_shows_no_secret(tmp_path: Path) -> None:
    """It names the file."""
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: '{HASH}'}}")
    world = World(environ={}, clock=lambda: 0.0)
    arguments = ["config", "show", "--source=sim", "--web-config", str(tmp_path / "web.yml")]

    shown = CliRunner().invoke(cli, arguments, obj=world)

    assert "web.yml" in shown.output
    assert HASH not in shown.output


@pytest.mark.parametrize("command", [["config", "check"], ["serve", "--listen=127.0.0.1:0"]])
def test_wrong_web_configuration_stops_the_start(tmp_path: Path, command: list[str]) -> None:
    """One line with file, line and what to mend; exit status 2."""
    (tmp_path / "web.yml").write_text("tls_server_config: {cert_file: x, key_file: y}")
    places = ["--state-dir", str(tmp_path / "state"), "--web-config", str(tmp_path / "web.yml")]

    ended = subprocess.run(
        [sys.executable, "-m", "gpuvitals", *command, "--source=sim", *places],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith(
        f"gpuvitals: {tmp_path}/web.yml:1: cert_file: {tmp_path}/x cannot be read"
    )
