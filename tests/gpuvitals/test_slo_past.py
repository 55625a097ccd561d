"""`gpuvitals slo status|backtest|report`: what a person types and reads, on a real Prometheus and on a state folder."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalog.errors import ConfigError
from catalog.metrics import availability
from gpuvitals.commands.slo import command
from gpuvitals.context import World
from history.database import Database
from history.minute import CounterMinute, Key
from history.sqlite import SqliteHistory
from tests.servers import free_port
from tests.slo.backfill import Past

NOW = 1_790_000_100
HOURS = 8
ROWS = {
    "slo:state:code": 3,
    "slo:total:sum30d": 5000,
    "slo:bad:sum30d": 4,
    "slo:error_budget:remaining_ratio": 0.2,
    "slo:error_budget:time_to_exhaustion_seconds": 7200,
    "slo:window:coverage_ratio": 0.75,
    "slo:burn_rate:ratio5m": 20,
    "slo:burn_rate:ratio1h": 15,
    "slo:burn_rate:ratio6h": 7,
}
SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: inference}\n"
SPEC = """\
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: NAME
  annotations: {gpuvitals.dev/group-by: BY}
spec:
  service: inference
  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: true
        PART: {metricSource: {spec: {query: 'PARTIAL'}}}
        total: {metricSource: {spec: {query: 'TOTAL'}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""
Run = Callable[..., str]


def spec(name: str, total: str, by: str, **part: str) -> str:
    ((word, query),) = part.items()
    return (
        SPEC.replace("NAME", name)
        .replace("BY", by)
        .replace("PARTIAL", query)
        .replace("PART", word)
        .replace("TOTAL", total)
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slos")
    parts = (
        SERVICE,
        spec("recorded", "requests_total", "cluster", bad="errors_total"),
        spec("counted", "requests_total", "cluster", bad='requests_total{code="500"}'),
        spec(
            "gpus",
            availability.EXPECTED.name,
            "uuid",
            good=availability.AVAILABLE.name,
        ),
    )
    (folder / "slo.yaml").write_text("".join(parts), encoding="utf-8")
    return folder


def openmetrics() -> Iterator[str]:
    yield "# TYPE requests counter\n"
    for code, rate in (("200", 999), ("500", 1)):
        series = f'requests_total{{cluster="a",code="{code}"}}'
        start = NOW - HOURS * 3600
        yield from (
            f"{series} {rate * number} {start + 60 * number}\n" for number in range(HOURS * 60 + 1)
        )
    for name, value in ROWS.items():
        yield f"# TYPE {name} gauge\n"
        yield f'{name}{{slo="recorded",cluster="a"}} {value} {NOW - 200}\n'
    yield "# EOF\n"


@pytest.fixture(scope="module")
def url(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus that evaluated the rules of one objective and scraped the counters of another."""
    past = Past(tool, tmp_path_factory.mktemp("prometheus"))
    past.scrapes(openmetrics())
    with past.server() as server:
        yield server.url


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exporter's folder: of two GPUs one was away for ten minutes."""
    folder = tmp_path_factory.mktemp("state")
    first = NOW - HOURS * 3600
    with Database.open(folder) as database:
        history = SqliteHistory(database)
        for uuid in ("GPU-a", "GPU-b"):
            for metric in (availability.EXPECTED, availability.AVAILABLE):
                away = (
                    range(400, 410) if uuid == "GPU-b" and metric is availability.AVAILABLE else ()
                )
                history.append(
                    [
                        CounterMinute(
                            at=first + 60 * number,
                            key=Key(uuid, metric),
                            increase=0.0 if number in away else 60.0,
                            last=60.0 * number,
                        )
                        for number in range(HOURS * 60)
                    ]
                )
    return folder


def invoked(*arguments: str | Path, environ: dict[str, str] | None = None) -> Result:
    world = World(environ=environ or {}, clock=lambda: float(NOW))
    return CliRunner().invoke(
        command,
        list(map(str, arguments)),
        obj=world,
        catch_exceptions=False,
        standalone_mode=False,
    )


def answer(*arguments: str | Path) -> Any:
    return json.loads(invoked(*arguments).stdout)


def objective(found: Any, name: str) -> Any:
    return next(one for one in found["objectives"] if one["slo"] == name)


@pytest.mark.tools
def test_what_rules_recorded_is_read(place: Path, url: str) -> None:
    """Tiles are older than an instant query looks back, and still the newest."""
    found = objective(answer("status", place, "--prometheus", url, "--format", "json"), "recorded")

    (group,) = found["groups"]
    assert found["source"] == "rules"
    assert group["labels"] == {"cluster": "a"}
    assert group["state"] == "burning"
    assert group["sli"] == pytest.approx(1 - 4 / 5000)
    assert group["budget_remaining"] == 0.2
    assert group["exhaustion_seconds"] == 7200
    assert group["coverage"] == 0.75
    rates = {"5m": 20, "30m": 0, "1h": 15, "2h": 0, "6h": 7, "1d": 0, "3d": 0}
    assert group["burn_rates"] == rates


@pytest.mark.tools
def test_without_rules_the_counters_are_counted(place: Path, url: str) -> None:
    """An objective whose rules nobody evaluates is computed, and says so."""
    found = answer("status", place, "--prometheus", url, "--format", "json")

    counted, gpus = objective(found, "counted"), objective(found, "gpus")
    (group,) = counted["groups"]
    assert counted["source"] == "samples"
    assert group["events"] == pytest.approx(1000 * HOURS * 60)
    assert group["sli"] == pytest.approx(0.999)
    assert group["budget_remaining"] == pytest.approx(0, abs=1e-9)
    assert group["coverage"] == pytest.approx(HOURS / 720)
    assert gpus["groups"] == []


@pytest.mark.tools
def test_status_as_of_an_earlier_time(place: Path, url: str) -> None:
    """Four hours ago half of it had happened, and no rule was evaluated yet."""
    found = answer("status", place, "--prometheus", url, "--format", "json", "--at", "-4h")

    assert found["at"] == NOW - 4 * 3600
    assert objective(found, "counted")["groups"][0]["events"] == pytest.approx(1000 * 240)
    assert objective(found, "recorded")["source"] == "samples"


@pytest.mark.tools
def test_status_as_a_table(place: Path, url: str) -> None:
    """A line per group; the last column says where it comes from."""
    lines = invoked("status", place, "--prometheus", url).stdout.splitlines()

    assert lines[0] == "at 2026-09-21T14:15:00Z"
    assert lines[1].split() == (
        [
            "objective",
            "state",
            "SLI",
            "target",
            "budget",
            "left",
            "burn",
            "1h",
            "burn",
            "6h",
            "burn",
            "3d",
            "spent",
            "in",
            "coverage",
            "from",
        ]
    )
    assert lines[2].split() == (
        [
            "recorded{cluster=a}",
            "burning",
            "99.9200%",
            "0.999",
            "20.0%",
            "15",
            "7",
            "0",
            "2",
            "h",
            "75.0%",
            "rules",
        ]
    )


def test_the_embedded_history_is_asked(place: Path, state: Path) -> None:
    """Of what it keeps; of what it does not keep it says so."""
    found = answer("status", place, "--state-dir", state, "--format", "json")

    gpus = objective(found, "gpus")
    well, away = gpus["groups"]
    assert gpus["source"] == "history"
    assert (well["labels"], well["sli"]) == ({"uuid": "GPU-a"}, 1.0)
    assert away["bad_events"] == pytest.approx(600)
    assert away["sli"] == pytest.approx(1 - 10 / (HOURS * 60))
    assert away["state"] == "exhausted"
    assert "does not keep requests_total" in objective(found, "counted")["refused"]


def test_the_table_says_why_something_is_unknown(place: Path, state: Path) -> None:
    """Below the lines."""
    text = invoked("status", place, environ={"GPUVITALS_STATE_DIR": str(state)}).stdout

    assert "gpus{uuid=GPU-b}  exhausted" in text
    assert "counted: the embedded history does not keep requests_total; a Prometheus may" in text


@pytest.mark.tools
def test_backtest_on_a_real_prometheus(place: Path, url: str) -> None:
    """A tenth of a percent of steady errors pages nobody; one that is not there has no groups."""
    found = answer(
        "backtest", place, "--from", "-6h", "--prometheus", url, "--format", "json",
        "--pages-per-month", "1",
    )  # fmt: skip

    counted = objective({"objectives": found}, "counted")
    assert counted["pages"] == []
    assert counted["from"] == "2026-09-21T08:15:00Z"
    assert [one["alerts"] for one in counted["tiers"]] == [0, 0, 0, 0]


def test_backtest_of_the_embedded_history(place: Path, state: Path, tmp_path: Path) -> None:
    """The GPU that was away was paged within its first minutes."""
    incidents = tmp_path / "incidents.csv"
    began = NOW - HOURS * 3600 + 400 * 60
    incidents.write_text(f"start,end,uuid\n{began},{began + 600},GPU-b\n", encoding="utf-8")

    text = invoked(
        "backtest", place, "--from", "-7h", "--state-dir", state, "--incidents", incidents
    )

    assert "gpus: 0.999, 2026-09-21T07:15:00Z to 2026-09-21T14:15:00Z\n  pages: 1, " in text.stdout
    assert (
        "precision 100%, recall 100%, half of the incidents detected within 3 min" in text.stdout
    )
    assert "recorded: 0.999" in text.stdout
    assert "does not keep requests_total" in text.stdout


def test_report_of_the_embedded_history(place: Path, state: Path, tmp_path: Path) -> None:
    """To a file, as JSON and as Markdown."""
    out = tmp_path / "slo.json"
    invoked("report", place, "--month", "2026-09", "--state-dir", state, "--out", out)
    text = invoked(
        "report", place, "--month", "2026-09", "--state-dir", state, "--format", "markdown"
    ).stdout

    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["schema"] == "gpuvitals.dev/slo-report/v1"
    assert objective(found, "gpus")["groups"][1]["worst_days"][0]["date"] == "2026-09-21"
    assert "| gpus (uuid GPU-b) | 99.9 % | 97.9167 % | **no** |" in text
    assert "- counted: the embedded history does not keep requests_total" in text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["status"], "name the history to ask: --prometheus URL or --state-dir DIR"),
        (["status", "--prometheus", "http://x", "--state-dir", "y"], "exclude each other"),
        (["status", "--prometheus", "x:9090"], "is no address of a Prometheus"),
        (["status", "--prometheus", f"http://127.0.0.1:{free_port()}"], "cannot be asked"),
        (["status", "--state-dir", "/nowhere"], "there is no history at /nowhere"),
        (["status", "--prometheus", "http://x", "--at", "soon"], "'soon' is not a time"),
        (["report", "--prometheus", "http://x", "--month", "10"], "'10' is no month"),
    ],
    ids=str,
)
def test_bad_input(place: Path, arguments: list[str], complaint: str) -> None:
    """One line that says what, and how to mend it."""
    with pytest.raises(ConfigError, match=complaint):
        invoked(arguments[0], place, *arguments[1:])


@pytest.mark.parametrize("name", ["status", "backtest", "report"])
def test_help_has_an_example(name: str) -> None:
    """--help shows a command line to copy."""
    assert f"Example: gpuvitals slo {name} ./slos" in " ".join(
        invoked(name, "--help").stdout.split()
    )
