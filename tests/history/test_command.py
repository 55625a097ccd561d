import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.errors import ConfigError
from catalog.metrics import power
from gpuvitals.commands.history import command
from gpuvitals.context import World
from history.database import Database
from history.minute import Key
from history.sqlite import SqliteHistory
from tests.history.samples import T0, counter, gauge

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`gpuvitals history ARGUMENTS` on two GPUs over ten minutes, while the writer has the file open."""
    with Database.open(tmp_path / "state") as database:
        history = SqliteHistory(database)
        for uuid, watts in (("GPU-a", 100.0), ("GPU-b", 300.0)):
            key = Key(uuid, power.NOW)
            history.append([gauge(T0 + 60 * n, watts, key) for n in range(10)])
        history.append([counter(T0 + 60 * n, 1.0, n) for n in range(10)])

    def run(*arguments: str) -> str:
        world = World(environ={}, clock=lambda: T0 + 600.0)
        state = ("--state-dir", str(tmp_path / "state"))
        result = CliRunner().invoke(
            command,
            [arguments[0], *state, *arguments[1:]],
            obj=world,
            catch_exceptions=False,
            standalone_mode=False,
        )
        return result.stdout

    return run


def test_query(run: Run) -> None:
    """A table of five-minute means, series by series."""
    assert run("query", "gpu_power_watts", "--from", "-10m") == (
        "TIME                  UUID   VALUE\n"
        "2024-10-04T00:00:00Z  GPU-a    100\n"
        "2024-10-04T00:05:00Z  GPU-a    100\n"
        "2024-10-04T00:00:00Z  GPU-b    300\n"
        "2024-10-04T00:05:00Z  GPU-b    300\n"
    )


def test_query_csv_of_one_gpu(run: Run) -> None:
    """--match narrows, --csv is for programs."""
    text = run("query", "gpu_power_watts", "--match", "uuid=GPU-b", "--step", "0", "--csv")

    assert text == "time,metric,uuid,value\n2024-10-03T00:10:00Z,gpu_power_watts,GPU-b,300.0\n"


def test_query_json_of_a_sum(run: Run) -> None:
    """--by puts series together; a counter's default is its increase."""
    text = run("query", "gpu_energy_joules_total", "--by", "", "--step", "1d", "--json")

    assert json.loads(text) == {
        "time": "2024-10-03T00:10:00Z",
        "metric": "gpu_energy_joules_total",
        "labels": {},
        "value": 10.0,
    }


def test_export(run: Run, tmp_path: Path) -> None:
    """Several metrics go into one file, minute by minute."""
    out = tmp_path / "node.csv"
    run("export", "gpu_power_watts", "gpu_energy_joules_total", "--from", "-2m", "--out", str(out))

    assert out.read_text() == (
        "time,metric,uuid,value\n"
        "2024-10-04T00:08:00Z,gpu_power_watts,GPU-a,100.0\n"
        "2024-10-04T00:09:00Z,gpu_power_watts,GPU-a,100.0\n"
        "2024-10-04T00:08:00Z,gpu_power_watts,GPU-b,300.0\n"
        "2024-10-04T00:09:00Z,gpu_power_watts,GPU-b,300.0\n"
        "2024-10-04T00:08:00Z,gpu_energy_joules_total,GPU-a,1.0\n"
        "2024-10-04T00:09:00Z,gpu_energy_joules_total,GPU-a,1.0\n"
    )


def test_export_of_everything(run: Run) -> None:
    """Without metrics and without a file, all that is kept goes to standard output."""
    lines = run("export", "--from", "-1m").splitlines()

    assert [line.split(",")[1] for line in lines] == [
        "metric",
        "gpu_power_watts",
        "gpu_power_watts",
        "gpu_energy_joules_total",
    ]


@pytest.mark.parametrize("name", ["query", "export"])
def test_help_has_an_example(run: Run, name: str) -> None:
    """--help shows a command line to copy."""
    assert f"Example: gpuvitals history {name} gpu_" in run(name, "--help")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "gpu_power_wats"], "did you mean 'gpu_power_watts'"),
        (["query", "gpu_power_limit_watts"], "not kept"),
        (["query", "gpu_power_watts", "--from", "yesterday"], "'yesterday' is not a time"),
        (["query", "gpu_power_watts", "--from", "now", "--to", "-1h"], "the range is empty"),
        (["query", "gpu_power_watts", "--step", "90s"], "the step is 90 s"),
        (["query", "gpu_power_watts", "--match", "GPU-a"], "does not say which label"),
        (["query", "gpu_power_watts", "--function", "increase"], "is a gauge: ask mean"),
        (["query", "gpu_power_watts", "--q", "0.9"], "q is of the function quantile, not of mean"),
        (["query", "gpu_power_watts", "--json", "--csv"], "--json and --csv exclude each other"),
        (["export", "gpu_power_watts", "--out", "/"], "/ is a folder"),
        (["export", "gpu_power_watts", "--format", "parquet"], "name a file"),
    ],
    ids=str,
)
def test_bad_input(run: Run, arguments: list[str], message: str) -> None:
    """What the user must mend is a ConfigError that says what."""
    with pytest.raises(ConfigError, match=message):
        run(*arguments)


def test_no_history_there(run: Run, tmp_path: Path) -> None:
    """A state folder without a history is named."""
    with pytest.raises(ConfigError, match=r"there is no history at .*elsewhere"):
        run("query", "gpu_power_watts", "--state-dir", str(tmp_path / "elsewhere"))
