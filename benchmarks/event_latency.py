"""How soon a line of the kernel log is seen. `python -m benchmarks.event_latency [--lines 300]`.

Xids are written one by one, at random moments, to a log that the exporter follows; `/metrics` and `/api/v1/events` are asked in turn
until both show the new one.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.exporter import Exporter, serving
from benchmarks.results import Figure, Section, limit, percentile, publish, spread

_KINDS: dict[str, Callable[[Path], None]] = {"file": Path.touch, "FIFO": os.mkfifo}
_PAUSE = (0.1, 0.8)
"""Seconds between seeing a line and writing the next: no multiple of any period of the exporter."""
_LOOK = 0.005
_PATIENCE = 30.0
_MOST_SECONDS = 0.5
_CODE = 31
_COUNTS = "/metrics?name[]=gpu_xid_errors_total"
_COUNT = re.compile(rf'^gpu_xid_errors_total\{{[^}}]*xid="{_CODE}"[^}}]*\}} (\d+)$', re.MULTILINE)
_EVENTS = "/api/v1/events?kind=xid&limit=1"
_BUS = re.compile(r'pci_bus_id="0000([0-9A-Fa-f:]+)\.0"')


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds from writing a line to seeing it."""

    metrics: float
    events: float


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=300)
    options = parser.parse_args(arguments)
    figures = tuple(
        figure for kind in _KINDS for figure in _figures(kind, _delays(kind, options.lines))
    )
    note = (
        f"8 GPUs; {options.lines} lines into each kind of log, {_PAUSE[0]:g} to {_PAUSE[1]:g} s after the one before was seen; "
        f"a look every {_LOOK * 1e3:g} ms."
    )
    section = Section(title="event latency", note=note, figures=figures)
    publish(section, "benchmarks.event_latency", arguments)


def _figures(kind: str, delays: Sequence[Delay]) -> Iterator[Figure]:
    for place, taken in (
        ("/metrics", [delay.metrics for delay in delays]),
        ("/api/v1/events", [delay.events for delay in delays]),
    ):
        others = f"p50 {percentile(taken, 0.5):.3f} s, {spread(taken, 's')}"
        name = f"{kind}: until {place} shows it, p99"
        yield limit(name, percentile(taken, 0.99), _MOST_SECONDS, "s", others)


def _delays(kind: str, lines: int) -> list[Delay]:
    rng = random.Random(0)  # noqa: S311 - when to write is no secret
    found = []
    with tempfile.TemporaryDirectory(prefix="gpuvitals-log-") as folder:
        path = Path(folder, "log")
        _KINDS[kind](path)
        with serving("--source", "sim", "--kernel-log", str(path)) as exporter:
            log = os.open(path, os.O_WRONLY | os.O_APPEND)
            bus = _BUS.findall(exporter.get("/metrics").decode())[0]
            for number in range(1, lines + 1):
                time.sleep(rng.uniform(*_PAUSE))
                found.append(_delay(exporter, log, bus, number))
            os.close(log)
    return found


def _delay(exporter: Exporter, log: int, bus: str, number: int) -> Delay:
    """Write line *number* and look until it is seen.

    Raises:
        TimeoutError: it is not.
    """
    text = f"NVRM: Xid (PCI:{bus}): {_CODE}, pid={number}, name=python, Ch 00000008"
    record = f"6,{number},{time.monotonic_ns() // 1000},-;{text}\n"
    began = time.perf_counter()
    os.write(log, record.encode())
    metrics = events = 0.0
    while not (metrics and events):
        time.sleep(_LOOK)
        waited = time.perf_counter() - began
        if not metrics and _counted(exporter) == number:
            metrics = time.perf_counter() - began
        if not events and f"pid {number})" in _newest(exporter):
            events = time.perf_counter() - began
        if waited > _PATIENCE:
            raise TimeoutError(f"line {number} is not seen within {_PATIENCE:.0f} s")
    return Delay(metrics, events)


def _counted(exporter: Exporter) -> int:
    return sum(map(int, _COUNT.findall(exporter.get(_COUNTS).decode())))


def _newest(exporter: Exporter) -> str:
    """The message of the newest event."""
    events = json.loads(exporter.get(_EVENTS))["events"]
    return str(events[0]["message"]) if events else ""


if __name__ == "__main__":
    main(sys.argv[1:])
