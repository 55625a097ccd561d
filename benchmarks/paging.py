"""How soon a fault is a page. `python -m benchmarks.paging [--faults 200] [--beside 48]`.

Faults are injected into a simulated source over HTTP, at random moments; the end is the call of a webhook by a real Alertmanager with
the configuration of `gpuvitals alerts alertmanager`. Each fault is the first alert of its group.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from alerts.alertmanager.config import render
from alerts.alertmanager.settings import read
from alerts.policies import ALL
from alerts.rules import groups
from benchmarks.exporter import Exporter, serving
from benchmarks.results import Figure, Section, limit, percentile, publish, spread
from catalog.rules.files import plain
from catalog.yamlfile import parse
from tests import alertmanager, prometheus
from tests.alertmanager import Webhook

BIN = Path(__file__).parents[1] / ".tools" / "bin"
_MOST_SECONDS = 2.0
_MOST_SECONDS_OF_A_HANG = 7.0
_HANG = 8.0
_PATIENCE = 90.0
_GPUS = 8
_RESETS = (48, 64, 95, 109)
"""Memory errors and row remaps come with the first three; each asks for a reset of the GPU."""
_REBOOTS = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and the alert that tells of it."""

    gpu: int
    name: str
    fault: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How alerts go.

    Attributes:
        scrape: seconds between two scrapes and two evaluations; 0 if the exporter tells Alertmanager itself.
        least, pause: seconds between two faults.
    """

    title: str
    scrape: int = 0
    least: float = 0.1
    pause: float = 1.0


DIRECT = Way(title="direct")
# One is over before the next begins: while several calls hang, only the first GPU is known to.
ALONE = Way(title="direct", least=_HANG + 3, pause=_HANG + 4)
BESIDE = (
    Way(title="Prometheus alone, every 15 s", scrape=15, pause=4.0),
    Way(title="Prometheus alone, every 5 s", scrape=5, pause=2.0),
)


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--beside", type=int, default=48)
    options = parser.parse_args(arguments)
    figures = [*_figures(DIRECT, options.faults)]
    for way in BESIDE:
        figures += _figures(way, options.beside)
    hangs = [seconds for _, seconds in _delays(ALONE, _GPUS, _hangs)]
    figures.append(
        limit(
            "direct: GPU hung, worst", max(hangs), _MOST_SECONDS_OF_A_HANG, "s", spread(hangs, "s")
        )
    )
    note = (
        f"{_GPUS} simulated GPUs; Xids that ask for a reset or a reboot, memory errors and row remaps among them, and lost GPUs, "
        "each the first alert of its group; from the request that injects the fault to the webhook's call. Rules are evaluated as often as "
        "targets are scraped."
    )
    publish(Section(title="paging", note=note, figures=figures), "benchmarks.paging", arguments)


def _figures(way: Way, faults: int) -> Iterator[Figure]:
    taken = _delays(way, faults, _faults)
    for name in sorted({name for name, _ in taken}):
        own = [seconds for each, seconds in taken if each == name]
        value = f"p50 {percentile(own, 0.5):.2f} s ({spread(own, 's')})"
        yield Figure(name=f"{way.title}: {name}", value=value)
    every = [seconds for _, seconds in taken]
    yield Figure(name=f"{way.title}: p50", value=f"{percentile(every, 0.5):.2f} s")
    name, p99 = f"{way.title}: p99", percentile(every, 0.99)
    if way.scrape:
        yield Figure(name=name, value=f"{p99:.2f} s ({spread(every, 's')})")
    else:
        yield limit(name, p99, _MOST_SECONDS, "s", spread(every, "s"))


def _delays(
    way: Way, faults: int, make: Callable[[random.Random], list[Fault]]
) -> list[tuple[str, float]]:
    """Alert and seconds of each fault; with new servers when every GPU has had every fault."""
    rng = random.Random(0)  # noqa: S311 - when to inject is no secret
    found: list[tuple[str, float]] = []
    while len(found) < faults:
        due = make(rng)[: faults - len(found)]
        with _scene(way) as (exporter, told):
            found += _round(exporter, told, due, rng, way)
    return found


def _faults(rng: random.Random) -> list[Fault]:
    """Every fault of every GPU, lost ones at the end: of a GPU that is gone nothing else is heard."""
    xids = [
        Fault(gpu=gpu, name=name, fault={"kind": "xid", "code": code})
        for gpu in range(_GPUS)
        for name, code in (
            ("GpuXidResetGpu", _RESETS[gpu % len(_RESETS)]),
            ("GpuXidRebootNode", _REBOOTS),
        )
    ]
    rng.shuffle(xids)
    lost = [Fault(gpu=gpu, name="GpuLost", fault={"kind": "gpu_lost"}) for gpu in range(_GPUS)]
    return xids + lost


def _hangs(_rng: random.Random) -> list[Fault]:
    """A call to each GPU does not return."""
    fault = {"kind": "hang", "seconds": _HANG}
    return [Fault(gpu=gpu, name="GpuHung", fault=fault) for gpu in range(_GPUS)]


def _round(
    exporter: Exporter, told: Webhook, due: Sequence[Fault], rng: random.Random, way: Way
) -> list[tuple[str, float]]:
    uuids = {gpu["gpu"]: gpu["uuid"] for gpu in json.loads(exporter.get("/api/v1/gpus"))["gpus"]}
    began: dict[tuple[str, str], float] = {}
    for one in due:
        time.sleep(rng.uniform(way.least, way.pause))
        began[one.name, uuids[one.gpu]] = time.monotonic()
        _inject(exporter, {"gpu": one.gpu, **one.fault})
    _wait(lambda: began.keys() <= _arrivals(told).keys())
    arrived = _arrivals(told)
    return [(name, arrived[name, uuid] - at) for (name, uuid), at in began.items()]


def _arrivals(told: Webhook) -> dict[tuple[str, str], float]:
    """When each alert was first told of."""
    found: dict[tuple[str, str], float] = {}
    for one in tuple(told.told):
        for alert in one.alerts:
            labels = alert["labels"]
            found.setdefault((labels["alertname"], labels.get("uuid", "")), one.at)
    return found


def _inject(exporter: Exporter, fault: Mapping[str, object]) -> None:
    request = Request(  # noqa: S310 - our own loopback
        f"{exporter.url}/api/v1/faults", json.dumps(fault).encode(), method="POST"
    )
    with urlopen(request, timeout=10):  # noqa: S310
        pass


def _wait(look: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not look():
        if time.monotonic() > until:
            raise TimeoutError(f"not every fault was a page within {_PATIENCE:.0f} s")
        time.sleep(0.05)


@contextmanager
def _scene(way: Way) -> Iterator[tuple[Exporter, Webhook]]:
    with ExitStack() as stack:
        enter = stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory(prefix="gpuvitals-paging-")))
        told = enter(alertmanager.webhook())
        (folder / "url").write_text(told.url)
        who = parse(f"page: {{webhook: {{url_file: {folder / 'url'}}}}}", "who.yml")[0]
        config = render(ALL, read(who), "benchmarks.paging")
        server = enter(alertmanager.running(BIN / "alertmanager", config, folder))
        options = ["--source", "sim", "--allow-fault-injection"]
        if not way.scrape:
            options += ["--alertmanager-urls", server.url]
        exporter = enter(serving(*options))
        if way.scrape:
            settings = _prometheus(folder, way.scrape, exporter, server)
            found = enter(prometheus.running(BIN / "prometheus", settings, folder))
            _wait(lambda: bool(found.query("gpu_up == 1")))
        yield exporter, told


def _prometheus(
    folder: Path, seconds: int, exporter: Exporter, server: alertmanager.Alertmanager
) -> dict[str, object]:
    rules = folder / "rules.yml"
    rules.write_text(plain(groups(ALL), "gpuvitals", "benchmarks.paging"))
    told = {"static_configs": [{"targets": [server.url.removeprefix("http://")]}]}
    target = {"targets": [f"127.0.0.1:{exporter.port}"]}
    every = f"{seconds}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": "5s", "evaluation_interval": every},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "gpuvitals", "static_configs": [target]}],
        "alerting": {"alertmanagers": [told]},
    }


if __name__ == "__main__":
    main(sys.argv[1:])
