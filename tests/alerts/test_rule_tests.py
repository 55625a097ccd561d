"""Every alert, through the real promtool: it fires in trouble only, lasts as long as it must, and ends."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.policies import ALL

ROOT = Path(__file__).parents[2]
WITHOUT_EXAMPLE = {"Watchdog", "PrometheusNotIngesting"}
"""One always fires, the other when there is no series at all."""


def test_every_alert_has_an_example() -> None:
    """What is not tested is not known to fire."""
    assert {policy.name for policy in ALL if not policy.example} == WITHOUT_EXAMPLE


@pytest.mark.tools
def test_promtool_agrees(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Of three GPUs the bad one fires, the one just short of it and those of another job do not."""
    rules, tests = tmp_path / "rules.yml", tmp_path / "tests.yml"
    command = [sys.executable, "-m", "gpuvitals", "alerts", "rules"]
    command += ["--out", str(rules), "--tests", str(tests)]
    subprocess.run(command, check=True, cwd=ROOT)

    done = subprocess.run(
        [tool("promtool"), "test", "rules", tests], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
