"""How many scrapes a second the exporter sustains. `python -m benchmarks.load [--seconds 30]`, needs wrk.

The exporter, its reader child included, has one core; wrk has the other. Latency is wrk's, from a closed loop: each
connection asks again as soon as it is answered.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import locked
from benchmarks.exporter import Exporter, serving
from benchmarks.processes import processor_seconds
from benchmarks.results import Figure, Section, publish

_LEAST_RATE = 10_000
_MOST_P95 = 100.0
_SCRIPT = Path(__file__).with_name("load.lua")
_EXPORTER_CORE, _WRK_CORE = "0", "1"
_GZIP = ("-H", "Accept-Encoding: gzip")
_CLOSE = ("-H", "Connection: close")


@dataclass(frozen=True, slots=True)
class Case:
    """One way to ask."""

    name: str
    options: tuple[str, ...]


OBJECTIVE = Case("64 connections, gzip", ("-c64", *_GZIP))
BESIDE = (
    Case("64 connections, plain", ("-c64",)),
    Case("64 connections, gzip, a new one per request", ("-c64", *_GZIP, *_CLOSE)),
    Case("1,000 connections, gzip", ("-c1000", *_GZIP)),
)
LOCKED = Case(
    "64 connections, gzip, TLS and a user",
    ("-c64", *_GZIP, "-H", f"Authorization: {locked.AUTHORIZATION}"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What wrk measured; times in ms, *exporter* and *wrk* in shares of a core."""

    rate: float
    p50: float
    p95: float
    p99: float
    errors: int
    exporter: float
    wrk: float

    def __str__(self) -> str:
        return (
            f"{self.rate:,.0f} requests/s, p50 {self.p50:.1f}, p95 {self.p95:.1f}, p99 {self.p99:.1f} ms, "
            f"{self.errors} errors; processor: exporter {self.exporter:.0%}, wrk {self.wrk:.0%}"
        )


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="how long each case takes")
    options = parser.parse_args(arguments)
    wrk = shutil.which("wrk")
    if wrk is None:
        parser.error("wrk is missing: tools/install wrk")
    pinned = ("taskset", "-c", _EXPORTER_CORE)
    with serving("--source", "sim", prefix=pinned) as exporter:
        figures = [*_figures(exporter, wrk, options.seconds)]
    with (
        locked.web_config() as file,
        serving("--source", "sim", "--web-config", str(file), prefix=pinned) as exporter,
    ):
        value = str(_run(exporter, wrk, LOCKED, options.seconds))
        figures.append(Figure(name=LOCKED.name, value=value))
    note = (
        f"8 GPUs, {options.seconds} s per case; exporter and reader child on one core, wrk on the other. "
        "The exporter reads on and renders each new snapshot once. At 100 % the exporter's core is what limits; below it, other programs took the rest of that core."
    )
    publish(Section(title="load", note=note, figures=tuple(figures)), "benchmarks.load", arguments)


def _figures(exporter: Exporter, wrk: str, seconds: int) -> Iterator[Figure]:
    result = _run(exporter, wrk, OBJECTIVE, seconds)
    yield Figure(
        name=OBJECTIVE.name,
        value=str(result),
        target=f">= {_LEAST_RATE:,} requests/s, p95 < {_MOST_P95:.0f} ms, no errors",
        met=result.rate >= _LEAST_RATE and result.p95 < _MOST_P95 and not result.errors,
    )
    for case in BESIDE:
        yield Figure(name=case.name, value=str(_run(exporter, wrk, case, seconds)))


def _run(exporter: Exporter, wrk: str, case: Case, seconds: int) -> Result:
    command = ["taskset", "-c", _WRK_CORE, wrk, "-t1", f"-d{seconds}s", *case.options]
    command += ["-s", str(_SCRIPT), f"{exporter.url}/metrics"]
    before, wrk_before = processor_seconds(exporter.pids), _children_seconds()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    used, wrk_used = processor_seconds(exporter.pids) - before, _children_seconds() - wrk_before
    measured = json.loads(done.stdout.splitlines()[-1])
    return Result(**measured, exporter=used / seconds, wrk=wrk_used / seconds)


def _children_seconds() -> float:
    """Of the children that have ended: wrk."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(sys.argv[1:])
