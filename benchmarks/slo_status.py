"""How long `gpuvitals slo status` takes for 100 objectives. `python -m benchmarks.slo_status [--objectives 100] [--groups 1]`.

A real Prometheus holds what the rules of each objective recorded in the last 10 minutes. A command is started each time, so
that Python, the imports and the reading of the folder are in it; --at names the time of the newest sample.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import needs
from benchmarks.results import Figure, Section, limit, publish, spread
from slo import names
from slo.status import WINDOWS
from tests.slo.backfill import Past

_MOST = 1.0
_REPETITIONS = 5
_AT = 1_790_000_100
_SPEC = """\
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}, annotations: {{gpuvitals.dev/group-by: cluster}}}}
spec:
  service: inference
  indicator:
    metadata: {{name: answered}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{spec: {{query: 'http_requests_total{{code=~"5..",service="{name}"}}'}}}}}}
        total: {{metricSource: {{spec: {{query: 'http_requests_total{{service="{name}"}}'}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.999}}]
"""
_SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: inference}\n"


def main(arguments: Sequence[str] = ()) -> None:
    """Fill a Prometheus, ask it, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objectives", type=int, default=100)
    parser.add_argument("--groups", type=int, default=1)
    options = parser.parse_args(arguments)
    objectives = [f"objective-{number:03}" for number in range(options.objectives)]
    with tempfile.TemporaryDirectory() as name:
        figures = tuple(_figures(Path(name), objectives, options.groups))
    note = (
        f"{options.objectives} objectives of {options.groups} groups, whose rules a real Prometheus has evaluated; the slowest of "
        f"{_REPETITIONS} commands, from the shell's prompt to its next."
    )
    publish(
        Section(title="slo status", note=note, figures=figures), "benchmarks.slo_status", arguments
    )


def _figures(folder: Path, objectives: Sequence[str], groups: int) -> Iterator[Figure]:
    specs = folder / "slos.yaml"
    specs.write_text(
        _SERVICE + "".join(_SPEC.format(name=name) for name in objectives), encoding="utf-8"
    )
    past = Past(needs.BIN.joinpath, folder)
    past.scrapes(_recorded(objectives, groups))
    with past.server() as prometheus:
        command = [sys.executable, "-m", "gpuvitals", "slo", "status", str(specs)]
        command += ["--prometheus", prometheus.url, "--at", str(_AT)]
        taken = [_seconds(command, len(objectives) * groups) for _ in range(_REPETITIONS)]
    yield limit(
        f"gpuvitals slo status of {len(objectives)} objectives",
        max(taken),
        _MOST,
        "s",
        spread(taken, "s"),
    )


def _recorded(objectives: Sequence[str], groups: int) -> Iterator[str]:
    series = (
        names.STATE_CODE,
        names.total("30d"),
        names.bad("30d"),
        names.BUDGET_REMAINING,
        names.COVERAGE,
        *map(names.burn, WINDOWS),
    )
    for name in series:
        yield f"# TYPE {name} gauge\n"
        for objective in objectives:
            for group in range(groups):
                labels = f'{names.SLO}="{objective}",cluster="{group}"'
                yield from (
                    f"{name}{{{labels}}} 0.5 {at}\n" for at in range(_AT - 600, _AT + 1, 60)
                )
    yield "# EOF\n"


def _seconds(command: Sequence[str], lines: int) -> float:
    """How long the command took.

    Raises:
        AssertionError: it did not tell of every group.
    """
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken = time.perf_counter() - began
    if done.stdout.count(" rules") != lines:
        raise AssertionError(done.stdout)
    return taken


if __name__ == "__main__":
    main(sys.argv[1:])
