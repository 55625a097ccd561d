"""Annotations are rendered as Prometheus renders them."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.annotations import render
from alerts.policies import ALL
from alerts.policy import Policy
from alerts.rules import rule
from catalog.errors import CatalogError
from tests.exporter.server import eventually
from tests.prometheus import running
from tests.servers import get

LATER = 'now | printf "%.0f"'
TEMPLATE = "{{ $value }} of {{$labels.uuid}}, {{ $labels.none }}: {{ $labels.uuid | urlquery }}"
VALUES = (
    0,
    1,
    -3,
    0.5,
    999999.5,
    123456,
    1234567.25,
    1e6,
    -25e6,
    123456789012,
    1e20,
    1e21,
    2.5e22,
    1e-4,
    1.5e-5,
    1e-7,
)
LABELS = {"uuid": "GPU 1/2&x"}


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_every_annotation_is_understood(policy: Policy) -> None:
    """What the exporter may have to render, it can."""
    if policy.direct:
        for text in rule(policy).annotations.values():
            render(text, {}, 1.0, 0.0)


@pytest.mark.parametrize(
    "text", ["{{ now }}", "{{ $value | humanize }}", "{{ if $value }}x{{ end }}", "{{ .Value }}"]
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """It would be another annotation than Prometheus'."""
    with pytest.raises(CatalogError, match="is not understood here"):
        render(text, {}, 1.0, 0.0)


@pytest.mark.tools
def test_it_is_what_prometheus_renders(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Numbers as Go writes them, labels that are missing, addresses."""
    label = json.dumps(LABELS["uuid"])
    rules = [
        {
            "alert": f"A{number}",
            "expr": f'label_replace(vector({value!r}), "uuid", {label}, "", "")',
            "annotations": {"text": TEMPLATE, "now": f"{{{{{LATER}}}}}"},
        }
        for number, value in enumerate(VALUES)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    config = {"global": {"evaluation_interval": "1s"}, "rule_files": [str(file)]}
    with running(tool("prometheus"), config, tmp_path) as server:

        def alerts() -> list[dict[str, dict[str, str]]]:
            found: list[dict[str, dict[str, str]]] = json.loads(
                get(f"{server.url}/api/v1/alerts")
            )["data"]["alerts"]
            return found

        eventually(lambda: len(alerts()) == len(VALUES))
        theirs = {one["labels"]["alertname"]: one["annotations"] for one in alerts()}

    assert {name: texts["text"] for name, texts in theirs.items()} == {
        f"A{number}": render(TEMPLATE, LABELS, float(value), 0.0)
        for number, value in enumerate(VALUES)
    }
    for texts in theirs.values():
        seconds = float(texts["now"])
        assert texts["now"] == render(f"{{{{ {LATER} }}}}", {}, 0.0, seconds)
        assert abs(seconds - time.time()) < 60
