"""Every alert, through the real promtool: it fires in trouble only, lasts as long as it must, and ends."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.policies import ALL
from alerts.policies.usage import LEAK
from alerts.rule_tests import document
from alerts.rules import groups
from catalog import yamlfile
from catalog.metrics import memory, state
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


@pytest.mark.tools
def test_a_model_that_is_loaded_and_stays_is_no_leak(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """Seen over six hours memory rises, over the last one it does not."""
    rules, tests = tmp_path / "rules.yml", tmp_path / "tests.yml"
    rules.write_text(plain(groups([LEAK]), "gpuvitals", "a test"), encoding="utf-8")
    labels = '{job="gpuvitals",instance="i",uuid="u"}'
    given = {
        f"{memory.USED.name}{labels}": "0x240 0+2000000000x30 60000000000x300",
        f"{memory.TOTAL.name}{labels}": "80000000000x600",
        f'{state.INFO.name}{{job="gpuvitals",instance="i",uuid="u",node="n"}}': "1x600",
    }
    quiet = {"eval_time": "7h", "alertname": LEAK.name, "exp_alerts": []}
    test = {
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in given.items()],
        "alert_rule_test": [quiet],
    }
    document_of_one = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    tests.write_text(yamlfile.dump(document_of_one), encoding="utf-8")

    done = subprocess.run([tool("promtool"), "test", "rules", tests], check=False)

    assert done.returncode == 0
