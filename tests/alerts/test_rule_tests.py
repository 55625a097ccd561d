"""Every alert, through the real promtool: it fires in trouble only, lasts as long as it must, and ends."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.policies import ALL
from alerts.rule_tests import document
from alerts.rules import groups
from catalog import yamlfile
from catalog.rules.files import plain

ROOT = Path(__file__).parents[2]
WITHOUT_EXAMPLE = {"Watchdog", "PrometheusNotIngesting"}
"""One always fires, the other when there is no series at all."""


def test_every_alert_has_an_example() -> None:
    """What is not tested is not known to fire."""
    assert {policy.name for policy in ALL if not policy.example} == WITHOUT_EXAMPLE


@pytest.mark.tools
def test_promtool_agrees(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Of three GPUs the bad one fires, the one just short of it and those of another job do not.

    Each alert alone, since promtool evaluates all rules of a file in each of its tests.
    """
    files = []
    for policy in ALL:
        rules, tests = tmp_path / f"{policy.name}.yml", tmp_path / f"{policy.name}_test.yml"
        rules.write_text(plain(groups([policy]), "gpuvitals", "a test"), encoding="utf-8")
        found = yamlfile.dump(document([policy], "gpuvitals", rules.name))
        tests.write_text(found, encoding="utf-8")
        files.append(tests)

    done = subprocess.run(
        [tool("promtool"), "test", "rules", *files], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_writes_the_same(tmp_path: Path) -> None:
    """All rules in one file, all tests in another."""
    rules, tests = tmp_path / "rules.yml", tmp_path / "tests.yml"
    command = [sys.executable, "-m", "gpuvitals", "alerts", "rules"]
    command += ["--out", str(rules), "--tests", str(tests)]

    subprocess.run(command, check=True, cwd=ROOT)

    assert rules.read_text(encoding="utf-8") == plain(
        groups(ALL), "gpuvitals", "gpuvitals alerts rules"
    )
    assert tests.read_text(encoding="utf-8") == yamlfile.dump(
        document(ALL, "gpuvitals", rules.name)
    )
