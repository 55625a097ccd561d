"""`promtool test rules` on rules and series that a test makes: many cases in one call, since each call costs its start."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog import yamlfile

Asked = tuple[str, str, float | None]
"""An expression that gives one value or none, when, and that value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Series, and what is asked of the rules that read them.

    Attributes:
        series: how promtool writes their values, by selector.
        start: the time of the first sample.
    """

    series: Mapping[str, str]
    asked: Sequence[Asked]
    start: str = "1970-01-01T00:00:00Z"


def complaint(
    program: Path, files: Sequence[Path], cases: Sequence[Case], every: str = "5m"
) -> str:
    """What promtool finds wrong with the rules in *files*, which lie in one folder; empty if nothing is.

    Series have a sample a minute. All rules are evaluated *every* so often, since promtool heeds no interval of a group.
    """
    tests = {
        "rule_files": [file.name for file in files],
        "evaluation_interval": every,
        "group_eval_order": [name for file in files for name in _groups(file)],
        "fuzzy_compare": True,
        "tests": [_test(case) for case in cases],
    }
    written = files[0].parent / "tests.yml"
    written.write_text(json.dumps(tests), encoding="utf-8")
    done = subprocess.run(
        [program, "test", "rules", written], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _groups(file: Path) -> list[str]:
    """Groups that read what another records are evaluated after it; by itself promtool shuffles them."""
    document: Any = yamlfile.load(file).value
    return [group["name"] for group in document["groups"]]


def _test(case: Case) -> dict[str, object]:
    series = [{"series": selector, "values": values} for selector, values in case.series.items()]
    return {
        "interval": "1m",
        "start_timestamp": case.start,
        "input_series": series,
        "promql_expr_test": [_question(*one) for one in case.asked],
    }


def _question(expression: str, at: str, value: float | None) -> dict[str, object]:
    # JSON has no NaN, and promtool takes none for a number.
    samples = [] if value is None else [{"labels": "{}", "value": value}]
    return {"expr": f"sum({expression})", "eval_time": at, "exp_samples": samples}
