"""Rules on samples a minute apart, judged by the real promtool.

They are evaluated every five minutes, since promtool heeds no interval of a group.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.rules.files import plain
from slo.objective import Objective
from slo.rules import groups

Expected = tuple[str, str, float | None]
"""An expression, when, and the sum of its values; None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What was scraped.

    Attributes:
        series: how promtool writes their values, by selector.
        start: the time of the first.
        every: the time from one evaluation to the next.
    """

    series: Mapping[str, str]
    start: str = "1970-01-01T00:00:00Z"
    every: str = "5m"


def judge(
    promtool: Path, folder: Path, of: Objective, samples: Samples, *expected: Expected
) -> None:
    """Evaluate the rules of *of* on *samples*, then ask."""
    (folder / "rules.yml").write_text(plain(groups(of), "gpuvitals", "us"), encoding="utf-8")
    series = [{"series": name, "values": values} for name, values in samples.series.items()]
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": samples.every,
        # Otherwise their order is any.
        "group_eval_order": [group.name for group in groups(of)],
        "fuzzy_compare": True,
        "tests": [
            {
                "interval": "1m",
                "start_timestamp": samples.start,
                "input_series": series,
                "promql_expr_test": [_case(*one) for one in expected],
            }
        ],
    }
    file = folder / "tests.yml"
    file.write_text(json.dumps(tests), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _case(expression: str, at: str, value: float | None) -> dict[str, object]:
    samples = [] if value is None else [{"labels": "{}", "value": value}]
    return {"expr": f"sum({expression})", "eval_time": at, "exp_samples": samples}
