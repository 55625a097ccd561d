"""The list of policies: what holds for each, and that the rules are Prometheus'."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.policies import ALL, BY_NAME
from alerts.policy import Policy, Scope, Severity
from alerts.rules import groups
from catalog.errors import CatalogError
from catalog.metrics import state
from catalog.promql import functions as q
from catalog.rules.files import plain
from catalog.rules.rule import Alert

CONDITION = q.select(state.UP).equals(0)


def policy(**changes: object) -> Policy:
    given: dict[str, object] = {
        "name": "GpuDown",
        "scope": Scope.GPU,
        "severity": Severity.PAGE,
        "condition": CONDITION,
        "meaning": "It is down.",
        "action": "Look.",
        "lasting": "5m",
    }
    return Policy(**(given | changes))  # type: ignore[arg-type] # the parts under test


def test_a_name_is_given_once() -> None:
    """Two policies of one name would be one alert."""
    assert len(BY_NAME) == len(ALL)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_what_explains_an_alert_is_an_alert(one: Policy) -> None:
    """Inhibition is generated from these names."""
    assert set(one.explained_by) <= BY_NAME.keys() - {one.name}


def test_what_explains_an_alert_is_evaluated_first() -> None:
    """Alertmanager silences only what comes later."""
    for group in groups(ALL):
        names = [rule.name for rule in group.rules if isinstance(rule, Alert)]
        for name in names:
            before = names[: names.index(name)]
            assert {*BY_NAME[name].explained_by} & {*names} <= {*before}


def test_no_label_of_the_target_survives() -> None:
    """Both senders of an alert must give it the same labels: the closed set of its policy."""
    text = policy(labels=("xid",), condition=q.select(state.UP)).expr.text("j")

    assert text.startswith("max by (node, uuid, xid) (")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"lasting": ""}, "must say how long it lasts, or why it need not"),
        ({"at_once": "it is bad"}, "must say how long it lasts, or why it need not"),
        ({"direct": True}, "must not have to last"),
        ({"meaning": "It is down"}, "must be a sentence"),
        ({"name": "gpu_down"}, "not the name of an alert"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(
    changes: dict[str, object], complaint: str
) -> None:
    """A mistake in the list fails when it is read."""
    with pytest.raises(CatalogError, match=complaint):
        policy(**changes)


@pytest.mark.tools
def test_promtool_accepts_the_rules(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """No lint of the real checker is violated."""
    file = tmp_path / "rules.yml"
    file.write_text(plain(groups(ALL), "gpuvitals", "us"))

    done = subprocess.run([tool("promtool"), "check", "rules", "--lint=all", file], check=False)

    assert done.returncode == 0
