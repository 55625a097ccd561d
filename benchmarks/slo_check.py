"""How long `gpuvitals slo check` takes for a folder of many objectives. `python -m benchmarks.slo_check [--specs 1000]`."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import Section, limit, publish, spread

_MOST_SECONDS = 5.0
_ROUNDS = 5
_HEAD = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: inference}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prometheus}
spec: {type: Prometheus, connectionDetails: {url: http://prometheus:9090}}
"""
_SPEC = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability-{number}
  displayName: Requests that are answered
  annotations:
    gpuvitals.dev/group-by: cluster, namespace
    gpuvitals.dev/no-data-alert: page
    gpuvitals.dev/owner: team-{number}
    gpuvitals.dev/exclusions: exclusions.yaml
spec:
  description: What users are promised.
  service: inference
  indicator:
    metadata:
      name: answered
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            metricSourceRef: prometheus
            spec:
              query: http_requests_total{{service="s{number}",code=~"5.."}}
        total:
          metricSource:
            metricSourceRef: prometheus
            spec:
              query: http_requests_total{{service="s{number}"}}
  timeWindow:
  - {window}
  budgetingMethod: Occurrences
  objectives:
  - target: 0.999
"""
_WINDOWS = (
    "{duration: 30d, isRolling: true}",
    "{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}",
)
_EXCLUSIONS = """\
- {cron: 0 2 * * sun, duration: 2h, timeZone: Europe/Berlin, reason: upgrades}
- {start: 2026-11-03T14:00:00Z, end: 2026-11-03T15:30:00Z, reason: power works, author: ops, where: {cluster: a}}
"""


def main(arguments: Sequence[str] = ()) -> None:
    """Write the folder, check it some times, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", type=int, default=1000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), options.specs)
        taken = sorted(check(Path(name)) for _ in range(_ROUNDS))
    median = taken[len(taken) // 2]
    title = f"check of {options.specs} specs, a file each"
    figure = limit(title, median, _MOST_SECONDS, "s", spread(taken, "s"))
    note = (
        "The whole command, start included, median. Half of the specs roll and half follow a calendar; all have two "
        "exclusions, one by schedule, whose share of the window is computed."
    )
    section = Section(title="slo check", note=note, figures=(figure,))
    publish(section, "benchmarks.slo_check", arguments)


def write(folder: Path, count: int) -> None:
    """So many specs, and what they refer to."""
    (folder / "common.yaml").write_text(_HEAD, encoding="utf-8")
    (folder / "exclusions.yaml").write_text(_EXCLUSIONS, encoding="utf-8")
    for number in range(count):
        text = _SPEC.format(number=number, window=_WINDOWS[number % len(_WINDOWS)])
        (folder / f"slo-{number}.yaml").write_text(text, encoding="utf-8")


def check(folder: Path) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "gpuvitals", "slo", "check", folder],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:])
