"""`gpuvitals slo`: what a person types and reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gpuvitals.cli import main

SPEC = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: inference}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: inference
  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {spec: {query: 'requests_total{code="500"}'}}}
        total: {metricSource: {spec: {query: requests_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "slo.yaml"
    file.write_text(SPEC)
    return file


def test_check_says_what_the_alerts_can_do(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At a target of 90 % no outage burns 14.4 times too fast: the factor is capped, and the time is said."""
    code = main(["slo", "check", str(spec), "--json"])

    fast = json.loads(capsys.readouterr().out)["alerts"][0]
    assert code == 0
    assert fast["tier"] == "page_fast"
    assert fast["burn_rate"] == pytest.approx(9)
    assert fast["detection_seconds"] == {
        "outage": pytest.approx(0.9 * 3600 + 150),
        "10 %": None,
        "2x budget": None,
    }


def test_a_faulty_folder_is_for_the_user_to_mend(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each fault is a line, nothing is written."""
    spec.write_text(SPEC.replace("0.9", "1.5"), encoding="utf-8")
    out = tmp_path / "rules.yml"

    code = main(["slo", "rules", str(tmp_path), "--out", str(out)])

    assert code == 2
    assert (
        "slo.yaml:19: spec.objectives[0]: availability: the target is 1.5"
        in capsys.readouterr().err
    )
    assert not out.exists()


def test_rules_are_written_for_prometheus_and_for_the_operator(spec: Path, tmp_path: Path) -> None:
    """The same groups in either frame, and the same bytes each time."""
    for kind in ("plain", "operator"):
        out = tmp_path / f"{kind}.yml"
        code = main(["slo", "rules", str(spec), "--format", kind, "--out", str(out)])
        assert code == 0
        first = out.read_text()
        main(["slo", "rules", str(spec), "--format", kind, "--out", str(out)])
        assert out.read_text() == first
        assert first.startswith("# DO NOT EDIT: written by `gpuvitals slo rules`.\n")
        assert "record: slo:total:tile5m" in first


def test_sloths_names_are_added_on_request(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only then."""
    main(["slo", "rules", str(spec)])
    assert "sloth" not in capsys.readouterr().out

    main(["slo", "rules", str(spec), "--naming", "sloth"])
    text = capsys.readouterr().out
    assert "record: slo:period_error_budget_remaining:ratio" in text
    assert "record: slo:total:tile5m" in text
    assert "sloth_id: inference-availability" in text


def test_help_needs_no_library_of_rules() -> None:
    """--help answers at once."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gpuvitals", "slo", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "slo.detection" in loaded
    assert "slo.openslo.folder" not in loaded


def test_tests_are_written_beside_the_rules(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promtool finds the rules by their name in the same folder; elsewhere it would not."""
    out, tests = tmp_path / "rules.yml", tmp_path / "tests.yml"
    command = ["slo", "rules", str(spec), "--out", str(out)]

    assert main([*command, "--tests", str(tests)]) == 0
    assert main([*command, "--tests", str(tmp_path.parent / "tests.yml")]) == 2

    assert "rule_files:\n- rules.yml\n" in tests.read_text()
    assert "--tests: name a plain rule file in the same folder" in capsys.readouterr().err
