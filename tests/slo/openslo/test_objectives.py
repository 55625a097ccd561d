"""OpenSLO documents: what they become, and what is said of those that cannot be kept."""

from datetime import datetime
from pathlib import Path

import pytest

from catalog.errors import ConfigError
from slo.calendar import Calendar, Unit
from slo.indicator import Ratio, Slices
from slo.objective import Objective, OnSilence
from slo.openslo.folder import Folder
from slo.openslo.objectives import objectives
from slo.tier import Tier

GOOD = """\
apiVersion: openslo/v1
kind: Service
metadata:
  name: inference
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
  annotations:
    gpuvitals.dev/group-by: cluster, node
    gpuvitals.dev/no-data-alert: page
spec:
  service: inference
  indicatorRef: answers
  timeWindow:
  - duration: 4w
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - target: 0.999
---
apiVersion: openslo/v1
kind: SLI
metadata:
  name: answers
spec:
  ratioMetric:
    counter: true
    bad:
      metricSource:
        spec:
          query: requests_total{code="500"}
    total:
      metricSource:
        spec:
          query: requests_total
"""


def read(folder: Path, text: str) -> tuple[Objective, ...]:
    (folder / "slo.yaml").write_text(text)
    return objectives(Folder.load(folder))


def test_an_slo_becomes_an_objective(tmp_path: Path) -> None:
    """References are followed, annotations are ours."""
    (found,) = read(tmp_path, GOOD)

    assert isinstance(found.indicator, Ratio)
    assert found.indicator.bad is not None
    assert found.indicator.bad.text("") == 'requests_total{code="500"}'
    assert (found.name, found.target, found.days) == ("availability", 0.999, 28)
    assert found.by == ("cluster", "node")
    assert found.on_silence is OnSilence.PAGE


def test_several_objectives_have_names_of_their_own(tmp_path: Path) -> None:
    """They share the SLO's name and add what tells them apart."""
    text = GOOD.replace(
        "  - target: 0.999\n",
        "  - {target: 0.999, displayName: Most users}\n  - targetPercent: 99.5\n",
    )

    names = {(one.name, one.target) for one in read(tmp_path, text)}

    assert names == {("availability-most-users", 0.999), ("availability-1", 0.995)}


def test_a_threshold_is_judged_by_slices(tmp_path: Path) -> None:
    """A gauge has no events: each slice of time is good or not."""
    text = GOOD.replace("Occurrences", "Timeslices").replace(
        "  - target: 0.999\n",
        "  - {target: 0.999, op: lte, value: 85, timeSliceTarget: 1, timeSliceWindow: 1m}\n",
    )
    head, _, _ = text.partition("  ratioMetric")

    (found,) = read(
        tmp_path, head + "  thresholdMetric: {metricSource: {spec: {query: gpu_temperature}}}\n"
    )

    assert isinstance(found.indicator, Slices)
    assert found.indicator.every == 60
    assert found.indicator.good.text("") == "max by (cluster, node) (gpu_temperature) <= bool 85"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("target: 0.999", "targt: 0.999", "21: spec.objectives[0]: there is no field 'targt' here; did you mean 'target'?"),
        ("target: 0.999", "target: much", "21: spec.objectives[0].target: expected `float | null`, got `str`"),
        ("target: 0.999", "target: 1", "21: spec.objectives[0]: availability: the target is 1;"),
        ("target: 0.999", "targetPercent: 99.9\n    target: 0.999", "give either target or targetPercent"),
        ("  service: inference\n", "", "13: spec: the field 'service' is missing"),
        ("service: inference", "service: inferense", "14: spec.service: there is no Service called 'inferense'; known: inference"),
        ("indicatorRef: answers", "indicatorRef: replies", "15: spec.indicatorRef: there is no SLI called 'replies'; known: answers"),
        ("Occurrences", "Ocurrences", "19: spec.budgetingMethod: invalid enum value 'Ocurrences'; expected one of Occurrences, Timeslices, RatioTimeslices"),
        ("group-by:", "groupby:", "annotation gpuvitals.dev/groupby: there is no such setting"),
        ("no-data-alert: page", "no-data-alert: shout", "expected page, ticket or none, got 'shout'"),
        ("kind: SLI", "kind: Indicator", "24: kind: expected one of SLO, SLI"),
        ("openslo/v1\nkind: SLI", "openslo/v2\nkind: SLI", "23: apiVersion: expected 'openslo/v1', got 'openslo/v2'"),
        ("query: requests_total\n", "query: rate(requests_total[5m])\n", "expected the selector of one counter"),
        ("counter: true", "counter: false", "`counter: true` is expected"),
        ("name: answers\nspec", "name: answers\n  name: answers\nspec", "'name' is given twice"),
        ("  name: answers\nspec", "  name: &a answers\n  displayName: *a\nspec", "aliases are not allowed"),
        ("target: 0.999", "target: 0.999\n    compositeWeight: 2", "composite SLOs are not supported"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_line_and_path(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """Each fault names where it is and what was expected."""
    assert GOOD.count(old) >= 1

    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace(old, new))

    assert complaint in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'slo.yaml'}:")


CALENDAR = GOOD.replace(
    "duration: 4w\n    isRolling: true\n",
    "duration: 1M\n    calendar:\n      startTime: 2026-01-01 00:00:00\n      timeZone: Europe/Berlin\n",
)


def test_a_window_may_follow_the_calendar(tmp_path: Path) -> None:
    """Its begin is what the clock on the wall shows; YAML's dates are texts."""
    (found,) = read(tmp_path, CALENDAR)

    assert found.calendar == Calendar(
        first=datetime(2026, 1, 1),  # noqa: DTZ001 - the wall's clock
        zone="Europe/Berlin",
        unit=Unit.MONTH,
    )
    assert (found.window, found.days) == ("1M", 31)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("1M", "1m", "17: spec.timeWindow[0].duration: expected a number and d, w, M, Q or Y"),
        ("2026-01-01 00:00:00", "New Year", "19: spec.timeWindow[0].calendar.startTime: expected the time on the wall"),
        ("2026-01-01 00:00:00", "2026-01-01T00:00:00Z", "calendar.startTime: expected the time on the wall"),
        ("Europe/Berlin", "Berlin", "18: spec.timeWindow[0].calendar: there is no time zone 'Berlin' here"),
        ("1M\n", "1M\n    isRolling: true\n", "a window of the calendar does not roll"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_kept_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """Where it is written, with what would do."""
    assert CALENDAR.count(old) == 1

    with pytest.raises(ConfigError) as caught:
        read(tmp_path, CALENDAR.replace(old, new))

    assert complaint in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends a folder one fault at a time."""
    (tmp_path / "other.yaml").write_text("kind: SLO\n")

    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace("service: inference", "service: other"))

    assert len(str(caught.value).splitlines()) == 2


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """A second document of the same kind and name is refused, whichever file it is in."""
    (tmp_path / "more.yml").write_text(GOOD.partition("---\n")[0])

    with pytest.raises(
        ConfigError, match=r"a second Service is called 'inference'; the first is at .*more.yml:4"
    ):
        read(tmp_path, GOOD)


def test_an_empty_folder_is_no_specification(tmp_path: Path) -> None:
    """Nothing to read is a mistake of the caller."""
    with pytest.raises(ConfigError, match=r"there is no file that ends in \.yaml"):
        Folder.load(tmp_path)
    with pytest.raises(ConfigError, match="no such file or folder"):
        Folder.load(tmp_path / "none")


def test_members_are_listed_in_a_file_beside_the_objective(tmp_path: Path) -> None:
    """The file may lie among the documents; it is none of them."""
    (tmp_path / "members.yaml").write_text("- {cluster: a, node: n1}\n- {cluster: a, node: n2}\n")
    text = GOOD.replace(
        "no-data-alert: page", "no-data-alert: page\n    gpuvitals.dev/members: members.yaml"
    )

    (found,) = read(tmp_path, text)

    assert found.members == (("a", "n1"), ("a", "n2"))


@pytest.mark.parametrize(
    ("listed", "complaint"),
    [
        ("- {cluster: a}\n", "members.yaml:1: [0]: expected the labels cluster, node"),
        ("- {cluster: a, node: n}\n- {node: n, cluster: a}", "the member a/n is listed twice"),
        ("cluster: a\n", "members.yaml:1: expected a list of mappings"),
        ("- {cluster: a, node: 1}\n", "put numbers in quotes"),
        ("[]\n", "the list of members is empty"),
    ],
)
def test_a_list_of_members_has_the_labels_of_the_groups(
    tmp_path: Path, listed: str, complaint: str
) -> None:
    """Anything else is refused where it stands."""
    (tmp_path / "members.yaml").write_text(listed)
    text = GOOD.replace(
        "no-data-alert: page", "no-data-alert: page\n    gpuvitals.dev/members: members.yaml"
    )

    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)

    assert complaint in str(caught.value)
    assert "annotation gpuvitals.dev/members" in str(caught.value)


POLICY = (
    GOOD.replace(
        "  - target: 0.999\n",
        "  - target: 0.999\n  alertPolicies:\n  - alertPolicyRef: wake\n",
    )
    + """\
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: wake}
spec:
  conditions: [{conditionRef: much too fast}]
  notificationTargets: [{targetRef: on-call}]
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: much too fast}
spec:
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 10, lookbackWindow: 1h, alertAfter: 2m}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: slack}
"""
)


def test_burn_rate_conditions_take_the_place_of_our_own(tmp_path: Path) -> None:
    """An SLO with a policy has the tiers of the policy and no others."""
    (found,) = read(tmp_path, POLICY)

    assert found.tiers == (
        Tier(
            name="much_too_fast",
            severity="page",
            long="1h",
            short="5m",
            factor=10,
            lasting="2m",
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("threshold: 10", "threshold: 1000", "a total outage burns 1000: take at most 900"),
        ("op: gte", "op: lt", "53: spec.condition.op: a burn rate that is too low"),
        ("kind: burnrate", "kind: burn", "spec.condition.kind: invalid enum value 'burn'; expected one of burnrate"),
        ("lookbackWindow: 1h", "lookbackWindow: 7h", "expected one of 5m, 30m, 1h, 2h, 6h, 1d, 3d, got '7h'"),
        ("alertAfter: 2m", "alertAfter: soon", "spec.condition.alertAfter: expected a time such as 5m"),
        ("alertPolicyRef: wake", "alertPolicyRef: sleep", "23: spec.alertPolicies[0]: there is no AlertPolicy called 'sleep'; known: wake"),
        ("conditionRef: much", "conditionRef: too much", "there is no AlertCondition called"),
        ("targetRef: on-call", "targetRef: nobody", "there is no AlertNotificationTarget called 'nobody'"),
        ("  conditions: [", "  alertWhenResolved: true\n  conditions: [", "set send_resolved"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_kept_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """Where it is written, with what would do."""
    assert POLICY.count(old) == 1

    with pytest.raises(ConfigError) as caught:
        read(tmp_path, POLICY.replace(old, new))

    assert complaint in str(caught.value)
