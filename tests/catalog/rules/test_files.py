"""Rule files: what Prometheus reads."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.errors import CatalogError
from catalog.metrics import state
from catalog.promql import functions as q
from catalog.rules.files import plain, resource
from catalog.rules.rule import Alert, Group, Record

GROUP = Group(
    name="example",
    interval="1m",
    rules=(
        Record(
            name="node:gpu_up:sum",
            expr=q.total(q.select(state.UP), "node_name"),
            labels={"by": "us"},
        ),
        Alert(
            name="GpuDown",
            expr=q.greatest(q.select(state.UP), "uuid").equals(0),
            lasting="5m",
            keep_firing="10m",
            labels={"severity": "page"},
            annotations={"summary": "GPU {{ $labels.uuid }} is down: {{ $value }}"},
        ),
    ),
)


def test_a_rule_file_names_its_command_and_holds_every_part() -> None:
    """The file is text for Prometheus and for a reader."""
    found = plain((GROUP,), "gpuvitals", "gpuvitals alerts rules")

    assert found == (
        "# DO NOT EDIT: written by `gpuvitals alerts rules`.\n"
        "groups:\n"
        "- interval: 1m\n"
        "  name: example\n"
        "  rules:\n"
        '  - expr: sum by (node_name) (gpu_up{job="gpuvitals"})\n'
        "    labels:\n"
        "      by: us\n"
        "    record: node:gpu_up:sum\n"
        "  - alert: GpuDown\n"
        "    annotations:\n"
        "      summary: 'GPU {{ $labels.uuid }} is down: {{ $value }}'\n"
        '    expr: max by (uuid) (gpu_up{job="gpuvitals"}) == 0\n'
        "    for: 5m\n"
        "    keep_firing_for: 10m\n"
        "    labels:\n"
        "      severity: page\n"
    )


@pytest.mark.tools
def test_promtool_accepts_it(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """The real checker has no complaint."""
    file = tmp_path / "rules.yml"
    file.write_text(plain((GROUP,), "gpuvitals", "us"))

    done = subprocess.run([tool("promtool"), "check", "rules", "--lint=all", file], check=False)

    assert done.returncode == 0


def test_the_operators_resource_holds_the_same_groups() -> None:
    """A PrometheusRule differs in its frame only."""
    found = resource((GROUP,), "gpuvitals", "us", "gpuvitals", {"release": "kps"})

    assert "kind: PrometheusRule" in found
    assert "    - alert: GpuDown" in found


def test_a_label_must_not_carry_the_value() -> None:
    """Each new value would be a new alert."""
    with pytest.raises(CatalogError, match="another alert each time"):
        Alert(name="GpuDown", expr=q.select(state.UP), labels={"value": "{{ $value }}"})
