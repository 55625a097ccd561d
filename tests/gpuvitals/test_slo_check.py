"""`gpuvitals slo check`: what is odd about a folder, by itself and by what a real Prometheus has."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from gpuvitals.cli import main
from tests.slo.backfill import Past

SPEC = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: inference}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
  annotations:
    gpuvitals.dev/group-by: cluster
spec:
  service: inference
  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {spec: {query: 'requests_total{code="200"}'}}}
        total: {metricSource: {spec: {query: requests_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
"""


def check(folder: Path, text: str, *options: str) -> int:
    (folder / "slo.yaml").write_text(text, encoding="utf-8")
    return main(["slo", "check", str(folder), *options])


def test_a_sound_folder_has_no_complaints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a scrape a minute there are five in five minutes."""
    assert check(tmp_path, SPEC, "--scrape-interval", "60") == 0
    assert capsys.readouterr().err == ""


THRESHOLD = SPEC.replace("ratioMetric:\n        counter: true\n", "thresholdMetric:\n").replace(
    """        good: {metricSource: {spec: {query: 'requests_total{code="200"}'}}}
        total: {metricSource: {spec: {query: requests_total}}}
""",
    "        metricSource: {spec: {query: gpu_utilization_ratio}}\n",
)


@pytest.mark.parametrize(
    ("text", "options", "complaints"),
    [
        (
            SPEC + "---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: here}\nspec: {type: Prometheus}\n",
            (),
            ["slo.yaml:26: metadata.name: nobody refers to this DataSource; remove it, or refer to 'here'"],
        ),
        (
            SPEC.replace("query: requests_total}", "query: 'requests_total{job=\"web\"}'}"),
            (),
            ['slo.yaml:22: spec.objectives[0]: availability: good events may exceed the total, which has the matchers job="web" that they lack'],
        ),
        (
            SPEC + "---\n" + SPEC.partition("---\n")[2].replace("name: availability", "name: again"),
            (),
            ["slo.yaml:41: spec.objectives[0]: again: it promises the same as availability at "],
        ),
        (SPEC, ("--scrape-interval", "120"), ["our tiles and alerts count events over 5m, and scrapes are 120 s apart: 4 are needed, so scrape every 75 s"]),
        (
            THRESHOLD.replace("{target: 0.9}", "{target: 0.9, op: gte, value: 0.8}"),
            ("--scrape-interval", "90"),
            ["a slice of 60 s has no scrape of its own at one in 90 s"],
        ),
    ],
)  # fmt: skip
def test_what_is_odd_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    options: tuple[str, ...],
    complaints: list[str],
) -> None:
    """With file, line and path; rules can still be made, so the answer is no and not an error."""
    assert check(tmp_path, text, *options) == 1

    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(complaints)
    assert [one in line for one, line in zip(complaints, said, strict=True)] == [True] * len(
        said
    ), said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            SPEC.replace("{metricSource: {spec: {query: requests_total}}}", "{metricSource: {metricSourceRef: there, spec: {query: requests_total}}}"),
            "slo.yaml:19: spec.indicator.spec.ratioMetric.total.metricSource.metricSourceRef: there is no DataSource called 'there'; known: none",
        ),
        (
            THRESHOLD.replace("{target: 0.9}", "{target: 0.9, op: gte, value: 80}"),
            "slo.yaml:16: spec.indicator.spec.thresholdMetric: the threshold 80 is out of reach: gpu_utilization_ratio lies between 0 and 1, so no slice would be good",
        ),
        (
            SPEC.replace("[{target: 0.9}]", "[{target: 0.9, displayName: x}, {target: 0.8, displayName: X}]"),
            "availability-x: another objective has the same name, at ",
        ),
        (SPEC.replace("target: 0.9", "target: 1"), "the target is 1; it must lie above 0 and below 1"),
    ],
)  # fmt: skip
def test_what_makes_no_rules_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    """For the user to mend, with file, line and path."""
    assert check(tmp_path, text) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("rest", ["", "# to be written\n", SPEC[:-30]])
def test_a_half_written_folder_makes_no_rules(tmp_path: Path, rest: str) -> None:
    """A file that is empty or ends too soon is of somebody who is not done yet: what was generated stays."""
    out = tmp_path / "rules.yml.txt"
    (tmp_path / "slo.yaml").write_text(SPEC, encoding="utf-8")
    assert main(["slo", "rules", str(tmp_path), "--out", str(out)]) == 0
    before = out.read_bytes()
    (tmp_path / "more.yaml").write_text(rest, encoding="utf-8")

    assert main(["slo", "rules", str(tmp_path), "--out", str(out)]) == 2
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "[" * 100 + "]" * 100,
        "a: 1\na: 2\n",
        "!!python/object/apply:os.system [ls]\n",
    ],
)
def test_hostile_yaml_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bomb: str
) -> None:
    """Nothing unfolds, nothing runs."""
    (tmp_path / "bomb.yaml").write_text(bomb, encoding="utf-8")

    assert check(tmp_path, SPEC) == 2
    assert "bomb.yaml:" in capsys.readouterr().err


def test_excluded_time_and_corrections_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How much of the window so far, why and by whom: nothing is left out in silence."""
    at = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - 86_500))}"
    end = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - 86_500 + 7200))}"
    (tmp_path / "left-out.yaml").write_text(
        json.dumps([{"start": at, "end": end, "reason": "power works", "author": "ops"}]),
        encoding="utf-8",
    )
    (tmp_path / "corrections.yaml").write_text(
        json.dumps(
            [
                {
                    "at": at,
                    "bad": -5,
                    "reason": "a load test",
                    "author": "ops",
                    "where": {"cluster": "a"},
                }
            ]
        ),
        encoding="utf-8",
    )
    text = SPEC.replace(
        "  annotations:\n",
        "  annotations:\n    gpuvitals.dev/exclusions: left-out.yaml\n    gpuvitals.dev/corrections: corrections.yaml\n",
    )

    assert check(tmp_path, text) == 0
    said = capsys.readouterr().out
    assert "  excluded 2.08 h of the window so far: power works (ops; " in said
    assert "  corrected a by +0 events, -5 bad: a load test (ops; " in said
    assert check(tmp_path, text, "--json") == 0
    assert json.loads(capsys.readouterr().out)["exclusions"][0]["seconds_of_window"] == 7500


@pytest.fixture(scope="module")
def prometheus(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Two hours of requests of one cluster, of which as many went well as there were, and a tenth more of another metric."""
    past = Past(tool, tmp_path_factory.mktemp("prometheus"))
    now = time.time()
    lines = ["# TYPE requests counter\n"]
    for labels, gain in (('cluster="a",code="200"', 90), ('cluster="a",code="500"', 10)):
        for minute in range(120):
            at = now - 60 * (119 - minute)
            lines.append(f"requests_total{{{labels}}} {gain * minute} {at:.3f}\n")
    lines.append("# TYPE answers counter\n")
    lines.extend(
        f'answers_total{{cluster="a"}} {120 * minute} {now - 60 * (119 - minute):.3f}\n'
        for minute in range(120)
    )
    past.scrapes([*lines, "# EOF\n"])
    with past.server() as found:
        yield found.url


@pytest.mark.tools
@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", ""),
        ("query: requests_total}", "query: request_total}", "total: there is no metric 'request_total'"),
        ('{code="200"}', '{status="200"}', "good: requests_total has no label 'status'"),
        ('{code="200"}', '{code="201"}', 'good: no series of requests_total has code="201"; there are: {code="200"}; {code="500"}'),
        ("group-by: cluster", "group-by: rack", "requests_total has no label 'rack', which the objective groups by"),
        ('requests_total{code="200"}', "answers_total", 'good events exceeded the total in the last 1h: {cluster="a"}'),
    ],
)  # fmt: skip
def test_a_prometheus_is_asked_for_the_series(
    tmp_path: Path, prometheus: str, old: str, new: str, complaint: str
) -> None:
    """Metrics, labels and values that it does not have, and good events that are more than all."""
    errors = io.StringIO()
    with redirect_stderr(errors):
        code = check(tmp_path, SPEC.replace(old, new), "--prometheus", prometheus)

    said = errors.getvalue()
    assert code == bool(complaint), said
    assert complaint in said
    assert len(said.splitlines()) == bool(complaint)
