"""Files that annotations name: exclusions, corrections, error-budget policies."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import ConfigError
from slo.cron import Cron
from slo.exclusion import Correction, Dates, Exclusion, Schedule
from slo.objective import Objective
from slo.openslo.folder import Folder
from slo.openslo.objectives import objectives
from slo.step import Step, Wakes

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
    gpuvitals.dev/exclusions: maintenance, power.yaml
    gpuvitals.dev/corrections: corrections.yaml
    gpuvitals.dev/error-budget-policy: policy.yaml
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
FILES = {
    "slo.yaml": SPEC,
    "maintenance/weekly.yaml": """\
- cron: 0 2 * * sun
  duration: 1h30m
  timeZone: Europe/Berlin
  start: 2026-06-01
  reason: upgrades
""",
    "power.yaml": """\
- start: 2026-11-03T14:00:00+01:00
  end: 2026-11-03T15:30:00+01:00
  reason: power works
  author: ops
  where: {cluster: a}
- start: 2026-11-03T14:00:00Z
  end: 2026-11-03T15:30:00Z
  reason: of another objective
  where: {slo: latency}
""",
    "corrections.yaml": """\
- at: 2026-11-04 10:00
  timeZone: UTC
  total: -500
  bad: -500
  reason: a load test
  author: ops
  where: {cluster: a}
""",
    "policy.yaml": """\
- {remainingPercent: 0, alert: page, action: Nothing is deployed but repairs.}
- {remainingPercent: 50, alert: none, action: The team is told.}
""",
}


def read(folder: Path, **changed: str) -> Objective:
    for name, text in (FILES | changed).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (found,) = objectives(Folder.load(folder))
    return found


def test_files_lie_among_the_documents(tmp_path: Path) -> None:
    """They are none of them, and each says where it is written."""
    found = read(tmp_path)

    at = datetime(2026, 11, 3, 13, tzinfo=UTC).timestamp()
    assert found.exclusions == (
        Exclusion(
            reason="upgrades",
            when=Schedule(
                cron=Cron(times=(7200,), weekdays=((0, 0),)),
                seconds=5400,
                zone="Europe/Berlin",
                start=datetime(2026, 5, 31, 22, tzinfo=UTC).timestamp(),
            ),
            source=f"{tmp_path}/maintenance/weekly.yaml:1",
        ),
        Exclusion(
            reason="power works",
            when=Dates(start=at, end=at + 5400),
            where={"cluster": "a"},
            author="ops",
            source=f"{tmp_path}/power.yaml:1",
        ),
    )
    assert found.corrections == (
        Correction(
            at=datetime(2026, 11, 4, 10, tzinfo=UTC).timestamp(),
            group=("a",),
            total=-500,
            bad=-500,
            reason="a load test",
            author="ops",
            source=f"{tmp_path}/corrections.yaml:1",
        ),
    )
    assert found.policy == (
        Step(remaining=0.5, wakes=Wakes.NOBODY, action="The team is told."),
        Step(remaining=0, wakes=Wakes.PAGE, action="Nothing is deployed but repairs."),
    )


def test_a_folder_may_still_be_empty(tmp_path: Path) -> None:
    """Nothing was pulled into it yet."""
    (tmp_path / "pulled").mkdir()

    spec = SPEC.replace("exclusions: maintenance", "exclusions: pulled, maintenance")
    found = read(tmp_path, **{"slo.yaml": spec})

    assert len(found.exclusions) == 2


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("power.yaml", "reason: power works", "resaon: power works", "power.yaml:3: [0]: there is no field 'resaon' here; did you mean 'reason'?"),
        ("power.yaml", "reason: power works", "reason: ''", "power.yaml:1: [0]: say the reason"),
        ("power.yaml", "T15:30:00+01:00", "T13:30:00+01:00", "[0]: it ends before it begins"),
        ("power.yaml", "T15:30:00+01:00", "T15:30:00", "is in no zone; write 2026-11-03T14:00:00+01:00, or give `timeZone`"),
        ("power.yaml", "2026-11-03T14:00:00+01:00", "yesterday", "expected a time such as 2026-11-03T14:00:00+01:00, got 'yesterday'"),
        ("power.yaml", "cluster: a", "rack: a", "the objective does not group by 'rack'; known are cluster, slo"),
        ("maintenance/weekly.yaml", "Europe/Berlin", "Berlin", "weekly.yaml:1: [0]: there is no time zone 'Berlin'"),
        ("maintenance/weekly.yaml", "1h30m", "long", "`cron` needs `duration`, such as 2h or 1h30m; got 'long'"),
        ("maintenance/weekly.yaml", "0 2 * * sun", "0 2 * * son", "the weekday 'son' is none"),
        ("maintenance/weekly.yaml", "- cron", "cron", "weekly.yaml:"),
        ("corrections.yaml", "  author: ops\n", "", "[0]: the field 'author' is missing"),
        ("corrections.yaml", "  total: -500\n  bad: -500\n", "", "[0]: it changes nothing"),
        ("corrections.yaml", "{cluster: a}", "{}", "where: expected the labels of one group, cluster"),
        ("policy.yaml", "alert: page", "alert: shout", "[0].alert: invalid enum value 'shout'; expected one of page, ticket, none"),
        ("policy.yaml", "50", "100", "[1]: expected what is left, below 100 %, got 100"),
        ("policy.yaml", "50", "0", "[1]: a second step is for 0 %"),
        ("slo.yaml", "power.yaml", "powr.yaml", "slo.yaml:11: metadata.annotations: annotation gpuvitals.dev/exclusions:"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    """Where it is written, and which annotation names it."""
    assert FILES[file].count(old) >= 1

    with pytest.raises(ConfigError) as caught:
        read(tmp_path, **{file: FILES[file].replace(old, new, 1)})

    assert complaint in str(caught.value)
    assert "slo.yaml:" in str(caught.value)
