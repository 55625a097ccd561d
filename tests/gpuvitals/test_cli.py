"""The command line: help that is quick, errors of one line, exit statuses."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from exporter.control import own
from gpuvitals.cli import COMMANDS, cli, main
from history.database import Database

ROOT = Path(__file__).parents[2]


def commands(group: click.Group = cli, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and subcommand."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says when the user must mend something: one line, status 2."""
    assert main(arguments) == 2

    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("gpuvitals: ")
    assert len(error.splitlines()) == 1
    return error


@pytest.mark.parametrize("words", tuple(commands()), ids=" ".join)
def test_every_command_has_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` shows how the command is called."""
    assert main([*words, "--help"]) == 0

    assert f"Example: gpuvitals {words[0]}" in capsys.readouterr().out


ALL = tuple(commands())
RUN = tuple(words for words in ALL if not any(more[:-1] == words for more in ALL))
"""Those that do something, and do not only group others."""


@pytest.mark.parametrize("words", RUN, ids=" ".join)
def test_every_command_says_how_it_logs(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Both options, and the variables that set them."""
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out

    for name in ("--log-level", "--log-format", "GPUVITALS_LOG_LEVEL", "GPUVITALS_LOG_FORMAT"):
        assert name in shown


def test_a_wrong_log_level(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said which there are."""
    said = failed(capsys, "xid", "79", "--log-level", "loud")

    assert "'loud' is not one of 'debug', 'info', 'warning', 'error'" in said


def test_a_command_logs_as_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """From then on, whatever it calls."""
    assert main(["xid", "79", "--log-level", "info", "--log-format", "json"]) == 0

    logging.getLogger("test").info("something", extra={"gpu": 3})

    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["message"], line["log.level"], line["gpu"]) == ("something", "info", 3)


def test_help_names_the_variable_of_the_configuration_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Like every other setting's."""
    assert main(["serve", "--help"]) == 0

    assert "GPUVITALS_CONFIG" in capsys.readouterr().out


def test_help_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands on lines of its own stays so, and nothing of how that is written is shown."""
    assert main(["simulate", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "\\b" not in shown
    assert "\n      - job_name: gpuvitals\n" in shown


@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_help_is_quick(words: tuple[str, ...]) -> None:
    """`--help` loads no server and no driver."""
    heavy = "{'aiohttp', 'pynvml', 'prometheus_client', 'hypothesis'}"
    script = (
        "import sys; from gpuvitals.cli import main; "
        f"main({[*words, '--help']!r}); print('loaded', sorted({heavy} & set(sys.modules)))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert ended.stdout.splitlines()[-1] == "loaded []"


def test_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with a line that says what it does."""
    assert main(["--help"]) == 0

    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version, and nothing else is done."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("gpuvitals, version ")


@pytest.mark.parametrize(
    "words", [("xid", "--help"), ("config", "show"), ("history", "export")], ids=" ".join
)
def test_a_reader_that_leaves(words: tuple[str, ...], tmp_path: Path) -> None:
    """`gpuvitals ... | head` ends as other programs do: without a word, with the status of a broken pipe."""
    Database.open(tmp_path).close()
    here, there = os.pipe()
    os.close(here)

    ended = subprocess.run(
        [sys.executable, "-m", "gpuvitals", *words],
        cwd=ROOT,
        env={**os.environ, "GPUVITALS_STATE_DIR": str(tmp_path)},
        stdout=there,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(there)

    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("serv",), "there is no command 'serv'; did you mean 'serve'?"),
        (("serve", "--lisen", ":1"), "No such option"),
        (("record",), "Missing option"),
        (("record", "--out", "x", "--seconds", "0"), "0.0 is not in the range"),
        (
            ("serve", "--source", "nvlm"),
            "source 'nvlm' is not known: use nvml, replay:FILE or sim",
        ),
        (
            ("config", "check", "--history-days", "x"),
            "--history-days: history_days must be a whole",
        ),
        (("config", "check", "--listen", "9400"), "listen: '9400' is not HOST:PORT"),
        (("config", "check", "--collectors", "enrgy"), "did you mean 'energy'?"),
        (
            ("config", "check", "--metrics-off", "gpu_pwer_watts"),
            "did you mean 'gpu_power_watts'?",
        ),
        (
            ("config", "check", "--source", "sim:none.yaml"),
            "none.yaml cannot be read: No such file",
        ),
        (
            ("config", "check", "--source", "replay:none.gz"),
            "none.gz: cannot be read as a recording",
        ),
        (("config", "check", "--config", "none.yaml"), "none.yaml cannot be read: No such file"),
    ],
)
def test_wrong_arguments(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 and one line that says what is wrong and how it would be right."""
    assert complaint in failed(capsys, *arguments)


def test_a_wrong_configuration_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and the line are named; a folder is none."""
    file = tmp_path / "gv.yaml"
    file.write_text("node: a\nhistory_days: many\n")

    assert f"{file}:2: history_days must be" in failed(capsys, "serve", "--config", str(file))
    assert "is a folder" in failed(capsys, "serve", "--config", str(tmp_path))


def test_a_broken_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no recording is refused before anything is served."""
    file = tmp_path / "r.gz"
    file.write_text("no gzip")

    said = failed(capsys, "config", "check", "--source", f"replay:{file}")

    assert f"{file}: cannot be read as a recording" in said


def test_a_scenario_that_names_no_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of a GPU that is not there is named with its line."""
    file = tmp_path / "s.yaml"
    file.write_text("gpus: [{model: H100}]\nfaults:\n  - {kind: hang, gpu: 1}\n")

    assert f"{file}:3: gpu" in failed(capsys, "config", "check", "--source", f"sim:{file}")


def test_a_recording_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output of `record` is a file."""
    said = failed(capsys, "record", "--source", "sim", "--seconds", "1", "--out", str(tmp_path))

    assert f"{tmp_path} is a folder; name a file" in said


def served(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`serve` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "gpuvitals", "serve", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _taken_port(folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        yield (
            ("--listen", f"127.0.0.1:{port}", "--state-dir", str(folder)),
            (f"listen: cannot serve on 127.0.0.1:{port}: Address already in use"),
        )


def _state_dir_is_a_file(folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    (folder / "file").write_text("")
    yield ("--listen", "127.0.0.1:0", "--state-dir", str(folder / "file")), "cannot be used"


def _state_dir_is_taken(folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    with own(folder):
        yield ("--listen", "127.0.0.1:0", "--state-dir", str(folder)), "belongs to the exporter"


def _broken_source(folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    (folder / "r.gz").write_text("no gzip")
    yield (
        (
            *("--listen", "127.0.0.1:0", "--state-dir", str(folder / "state")),
            *("--source", f"replay:{folder / 'r.gz'}"),
        ),
        "r.gz: cannot be read as a recording",
    )


@pytest.mark.parametrize(
    "prepare", [_taken_port, _state_dir_is_a_file, _state_dir_is_taken, _broken_source]
)
def test_serve_cannot_begin(
    tmp_path: Path, prepare: Callable[[Path], Iterator[tuple[tuple[str, ...], str]]]
) -> None:
    """Status 2, and the last line says why; no traceback."""
    for arguments, complaint in prepare(tmp_path):
        ended = served("--source", "sim", *arguments)

        assert ended.returncode == 2
        assert complaint in ended.stderr.splitlines()[-1]
        assert "Traceback" not in ended.stderr


def test_release_without_an_exporter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nobody to tell, which the user can mend by naming another folder."""
    said = failed(capsys, "release", "--state-dir", str(tmp_path))

    assert f"no exporter serves from {tmp_path}" in said


def test_a_good_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """`config check` says yes with status 0, `config show` prints what would be used."""
    assert main(["config", "check", "--source", "sim"]) == 0
    assert capsys.readouterr().out == "the configuration is good\n"
    assert main(["config", "show", "--source", "sim", "--node", "node-7"]) == 0
    assert "node: node-7" in capsys.readouterr().out.splitlines()
