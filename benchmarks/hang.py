"""What a hung GPU and a killed reader cost the others. `python -m benchmarks.hang [--repetitions 5]`.

Faults are injected into a simulated source over HTTP; ages and states are read from `/metrics` 20 times a second.
"""

import argparse
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.request import Request, urlopen

from benchmarks.exporter import Exporter, serving
from benchmarks.processes import children, running
from benchmarks.results import Figure, Section, publish, spread

_GPU = 3
_HANG = 12.0
_STEADY = 65.0
"""Seconds that a reader must have lived for its end to be the first of a row again."""
_EVERY = 0.05
_PATIENCE = 30.0
_FAMILIES = "/metrics?name[]=gpu_last_read_timestamp_seconds&name[]=gpu_up"
_SAMPLE = re.compile(r'^(gpu_\w+)\{gpu="(\d+)",[^}]*\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """What `/metrics` said at one moment, by GPU."""

    at: float
    last_read: Mapping[int, float]
    up: Mapping[int, bool]

    def oldest_other(self) -> float:
        """Seconds since the last reading of the GPU that was read the longest ago, the hung one left out."""
        return self.at - min(at for gpu, at in self.last_read.items() if gpu != _GPU)


@dataclass(frozen=True, slots=True)
class Hang:
    """Seconds that one hang took to show and to pass, and the greatest age of the others meanwhile."""

    marked: float
    recovered: float
    age: float


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args(arguments)
    with serving("--source", "sim", "--allow-fault-injection") as exporter:
        hangs = [_hang(exporter) for _ in range(options.repetitions)]
        fresh = [_kill(exporter) for _ in range(options.repetitions)]
    figures = (
        _worst("GPU hung: age of the other seven's samples", [hang.age for hang in hangs], 2),
        _worst("GPU hung: until it is marked", [hang.marked for hang in hangs], 5),
        _worst("hang over: until the GPU is read again", [hang.recovered for hang in hangs], 5),
        _worst("reader killed: until all GPUs are read again", fresh, 3),
    )
    note = (
        f"One of 8 simulated GPUs hangs for {_HANG:.0f} s; the reader child gets SIGKILL after living for {_STEADY:.0f} s. "
        f"The greatest of {options.repetitions} repetitions, seen by a scrape every {_EVERY * 1e3:.0f} ms."
    )
    publish(Section(title="hang", note=note, figures=figures), "benchmarks.hang", arguments)


def _worst(name: str, seconds: Sequence[float], most: float) -> Figure:
    worst = max(seconds)
    value = f"{worst:.2f} s ({spread(seconds, 's')})"
    return Figure(name=name, value=value, target=f"< {most:g} s", met=worst < most)


def _hang(exporter: Exporter) -> Hang:
    _inject(exporter, {"gpu": _GPU, "kind": "hang", "seconds": _HANG})
    began = time.time()
    age, marked, recovered = 0.0, 0.0, 0.0
    for look in _looks(exporter):
        age = max(age, look.oldest_other())
        if not marked and not look.up[_GPU]:
            marked = look.at - began
        if look.at > began + _HANG and look.up[_GPU] and look.last_read[_GPU] > began + _HANG:
            recovered = look.at - began - _HANG
            break
    return Hang(marked, recovered, age)


def _kill(exporter: Exporter) -> float:
    time.sleep(_STEADY)
    (reader,) = running(children(exporter.pid), "probes.reader")
    os.kill(reader, signal.SIGKILL)
    began = time.time()
    for look in _looks(exporter):
        if min(look.last_read.values()) > began:
            return look.at - began
    raise AssertionError


def _looks(exporter: Exporter) -> Iterator[Look]:
    """A look every now and then.

    Raises:
        TimeoutError: what the caller waits for does not come.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        yield _look(exporter)
        time.sleep(_EVERY)
    raise TimeoutError(f"it has not happened within {_PATIENCE:.0f} s")


def _look(exporter: Exporter) -> Look:
    values: dict[str, dict[int, float]] = {}
    for name, gpu, value in _SAMPLE.findall(exporter.get(_FAMILIES).decode()):
        values.setdefault(name, {})[int(gpu)] = float(value)
    up = {gpu: bool(value) for gpu, value in values["gpu_up"].items()}
    return Look(time.time(), values["gpu_last_read_timestamp_seconds"], up)


def _inject(exporter: Exporter, fault: Mapping[str, object]) -> None:
    request = Request(f"{exporter.url}/api/v1/faults", json.dumps(fault).encode())  # noqa: S310
    with urlopen(request, timeout=10):  # noqa: S310 - our own loopback
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
