"""How soon a fault is a page. `python -m benchmarks.paging [--faults 200] [--beside 60]`.

Faults are injected into a simulated source over HTTP, at random moments; the end is the call of a webhook by a real Alertmanager with
the configuration of `gpuvitals alerts alertmanager`. Each fault is the first alert of its group.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.alert_path import arrivals, inject, people, until, uuids, watched
from benchmarks.exporter import Exporter, serving
from benchmarks.results import Figure, Section, limit, percentile, publish, spread
from tests.alertmanager import Webhook

_MOST_SECONDS = 2.0
_MOST_SECONDS_OF_A_HANG = 7.0
_PATIENCE = 120.0
_GPUS = 8
_LOST = 2
"""Of them are lost; a GPU that is gone tells of nothing else."""
_HANG = 120.0
_HANGS = 3 * _GPUS
_RESETS = (
    (48, "ECC (Xid 48)"),
    (95, "ECC (Xid 95)"),
    (64, "row remap failed (Xid 64)"),
    (109, "reset the GPU (Xid 109)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and the alert that tells of it."""

    gpu: int
    title: str
    alert: str
    fault: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How alerts go.

    Attributes:
        scrape: seconds between two scrapes and two evaluations; 0 if the exporter tells Alertmanager itself.
        least, most: seconds between two faults.
    """

    title: str
    scrape: int = 0
    least: float = 0.1
    most: float = 1.0


DIRECT = Way(title="direct")
# A call is seen to be in nobody's way when another GPU has answered meanwhile, and each is asked once a second.
HANGS = Way(title="direct", least=2.5, most=3.5)
BESIDE = (
    Way(title="Prometheus alone, every 15 s", scrape=15, most=3.0),
    Way(title="Prometheus alone, every 5 s", scrape=5),
)
Make = Callable[[random.Random], list[Fault]]


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--beside", type=int, default=60)
    options = parser.parse_args(arguments)
    figures = [*_figures(DIRECT, options.faults)]
    hangs = [seconds for _, seconds in _delays(HANGS, _HANGS, _hangs)]
    worst = limit("direct: hung, worst", max(hangs), _MOST_SECONDS_OF_A_HANG, "s")
    figures += [*_of("direct: hung", hangs), worst]
    for way in BESIDE:
        figures += _figures(way, options.beside)
    note = (
        f"An exporter of {_GPUS} simulated GPUs, made anew when each of them has had its faults: Xids by what they ask for, ECC errors and row "
        f"remaps with their Xid, {_LOST} lost GPUs; hangs begin {HANGS.least:g} to {HANGS.most:g} s after each other and last. From the request that "
        "injects the fault to the webhook's call, each the first alert of its group. Rules are evaluated as often as targets are scraped."
    )
    publish(Section(title="paging", note=note, figures=figures), "benchmarks.paging", arguments)


def _figures(way: Way, faults: int) -> Iterator[Figure]:
    taken = _delays(way, faults, _faults)
    for title in sorted({title for title, _ in taken}):
        yield from _of(
            f"{way.title}: {title}", [taking for each, taking in taken if each == title]
        )
    every = [seconds for _, seconds in taken]
    yield Figure(name=f"{way.title}: p50", value=f"{percentile(every, 0.5):.2f} s")
    name, p99 = f"{way.title}: p99", percentile(every, 0.99)
    if way.scrape:
        yield Figure(name=name, value=f"{p99:.2f} s ({spread(every, 's')})")
    else:
        yield limit(name, p99, _MOST_SECONDS, "s", spread(every, "s"))


def _of(name: str, seconds: Sequence[float]) -> Iterator[Figure]:
    yield Figure(name=name, value=f"p50 {percentile(seconds, 0.5):.2f} s ({spread(seconds, 's')})")


def _delays(way: Way, faults: int, make: Make) -> list[tuple[str, float]]:
    """Title and seconds of each fault; with new servers when every GPU has had its own."""
    rng = random.Random(0)  # noqa: S311 - when to inject is no secret
    found: list[tuple[str, float]] = []
    while len(found) < faults:
        due = make(rng)[: faults - len(found)]
        with _scene(way) as (exporter, told):
            found += _round(exporter, told, due, rng, way)
    return found


def _faults(rng: random.Random) -> list[Fault]:
    """A fault of each kind on each GPU but the last, which are lost, in any order."""
    found = [
        Fault(gpu=gpu, title="lost", alert="GpuLost", fault={"kind": "gpu_lost"})
        for gpu in range(_GPUS - _LOST, _GPUS)
    ]
    for gpu in range(_GPUS - _LOST):
        reset, title = _RESETS[gpu % len(_RESETS)]
        found += [
            _xid(gpu, reset, title, "GpuXidResetGpu"),
            _xid(gpu, 110, "reboot the node (Xid 110)", "GpuXidRebootNode"),
            _xid(gpu, 54, "contact support (Xid 54)", "GpuXidContactSupport"),
        ]
    rng.shuffle(found)
    return found


def _xid(gpu: int, code: int, title: str, alert: str) -> Fault:
    return Fault(gpu=gpu, title=title, alert=alert, fault={"kind": "xid", "code": code})


def _hangs(rng: random.Random) -> list[Fault]:
    """A call to each GPU does not return, one after the other."""
    fault = {"kind": "hang", "seconds": _HANG}
    found = [Fault(gpu=gpu, title="hung", alert="GpuHung", fault=fault) for gpu in range(_GPUS)]
    rng.shuffle(found)
    return found


def _round(
    exporter: Exporter, told: Webhook, due: Sequence[Fault], rng: random.Random, way: Way
) -> list[tuple[str, float]]:
    names = uuids(exporter)
    began: dict[tuple[str, str], tuple[str, float]] = {}
    for one in due:
        time.sleep(rng.uniform(way.least, way.most))
        began[one.alert, names[one.gpu]] = one.title, time.monotonic()
        inject(exporter, {"gpu": one.gpu, **one.fault})
    until(lambda: began.keys() <= arrivals(told).keys(), _PATIENCE, "every page")
    arrived = arrivals(told)
    return [(title, arrived[which] - at) for which, (title, at) in began.items()]


@contextmanager
def _scene(way: Way) -> Iterator[tuple[Exporter, Webhook]]:
    with ExitStack() as stack:
        enter = stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory(prefix="gpuvitals-paging-")))
        told, server = enter(people(folder))
        options = ["--source", "sim", "--allow-fault-injection"]
        if not way.scrape:
            options += ["--alertmanager-urls", server.url]
        exporter = enter(serving(*options))
        if way.scrape:
            enter(watched(folder, way.scrape, [exporter], server))
        yield exporter, told


if __name__ == "__main__":
    main(sys.argv[1:])
