"""Tickets to owners: the namespace that has a GPU is on the ticket, where one namespace alone has it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.annotations import render
from alerts.policies.xids import RESTART_APP
from alerts.policy import Policy, Scope, Severity
from alerts.rules import groups, rule
from catalog.errors import CatalogError
from catalog.metrics import state
from catalog.promql import functions as q
from catalog.rules.files import plain

JOB = "gpuvitals"
MINUTE = 60.0
"""When promtool looks, seconds since 1970."""
HOLDERS = {"a": ["ml-train"], "b": ["ml-train", "web"], "c": [""], "d": []}
"""Whose each GPU is."""


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    pairs = ",".join(f'{key}="{value}"' for key, value in {"job": JOB, **labels}.items())
    return {"series": f"{name}{{{pairs}}}", "values": values}


def test_only_a_gpu_has_an_owner() -> None:
    """Of a node nobody knows whose it is."""
    with pytest.raises(CatalogError, match="only what is about a GPU has an owner"):
        Policy(
            name="NodeDown",
            scope=Scope.NODE,
            severity=Severity.TICKET,
            condition=q.select(state.UP).equals(0),
            meaning="It is down.",
            action="Look.",
            lasting="5m",
            owned=True,
        )


@pytest.mark.tools
def test_the_owner_is_named(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Where several namespaces share a GPU, and where nobody knows, the ticket is on-call's."""
    (tmp_path / "rules.yml").write_text(plain(groups([RESTART_APP]), JOB, "a test"))
    given = [
        one
        for uuid, namespaces in HOLDERS.items()
        for one in (
            series("gpu_info", "1x10", uuid=uuid, node="n"),
            series("gpu_xid_errors_total", "1x10", uuid=uuid, xid="31", action="restart_app"),
            series(
                "gpu_xid_last_timestamp_seconds", "0x10", uuid=uuid, xid="31", action="restart_app"
            ),
            *(
                series("gpu_allocation_info", "1x10", uuid=uuid, namespace=name, pod=f"p{number}")
                for name in namespaces
                for number in range(2)
            ),
        )
    ]
    labels = {"severity": "ticket", "scope": "gpu", "node": "n", "xid": "31"}
    owners = {"a": {"namespace": "ml-train"}, "b": {}, "c": {}, "d": {}}
    expected = [{"exp_labels": {**labels, "uuid": u, **owner}} for u, owner in owners.items()]
    test = {
        "interval": "1m",
        "input_series": given,
        "alert_rule_test": [
            {"eval_time": "1m", "alertname": RESTART_APP.name, "exp_alerts": _annotated(expected)}
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [test]}))

    done = subprocess.run(
        [tool("promtool"), "test", "rules", file], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def _annotated(alerts: list[dict[str, dict[str, str]]]) -> list[dict[str, dict[str, str]]]:
    texts = rule(RESTART_APP).annotations
    return [
        {
            **alert,
            "exp_annotations": {
                name: render(text, alert["exp_labels"], 1.0, MINUTE)
                for name, text in texts.items()
            },
        }
        for alert in alerts
    ]
