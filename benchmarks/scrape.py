"""How long a scrape takes: 1,000 of them, a new connection each, plain and gzip. `python -m benchmarks.scrape`.

The exporter reads on, so nearly every scrape meets a new snapshot and pays for rendering it.
"""

import random
import sys
import time
from collections.abc import Sequence

from benchmarks.exporter import Exporter, serving
from benchmarks.fetch import GZIP, METRICS, PLAIN, fetch
from benchmarks.processes import processor_seconds
from benchmarks.results import Figure, Section, limit, percentile, publish, spread

_SCRAPES = 1000
_PAUSE = 0.16
"""Seconds between two scrapes at most; the kinds take turns, so that each is scraped some 4 times a second."""
_MOST_MILLISECONDS = 5.0
_KINDS = {"plain": (METRICS, PLAIN), "gzip": (METRICS, GZIP)}
_NOTHING = "/healthz"
"""Asked as often, to tell what the machine and the connection cost without an exposition."""


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    with serving("--source", "sim") as exporter:
        before = processor_seconds([exporter.pid])
        began = time.monotonic()
        taken = _scrape(exporter)
        share = (processor_seconds([exporter.pid]) - before) / (time.monotonic() - began)
        sizes = {kind: len(fetch(exporter.port, *asked)) for kind, asked in _KINDS.items()}
    figures = [figure for kind in _KINDS for figure in _figures(kind, taken[kind])]
    figures += [
        Figure(name=f"answer, {kind}", value=f"{size / 1e3:.1f} kB")
        for kind, size in sizes.items()
    ]
    nothing = [percentile(taken[_NOTHING], part) for part in (0.5, 0.99)]
    figures.append(
        Figure(name=f"p50, p99 of {_NOTHING}", value="{:.2f}, {:.2f} ms".format(*nothing))
    )
    figures.append(
        Figure(name="exporter's own processor meanwhile", value=f"{share * 100:.1f} % of a core")
    )
    note = (
        f"8 GPUs, {_SCRAPES} scrapes of each kind over loopback, a new connection each, from connecting to the last byte. "
        "Plain is text format, gzip is OpenMetrics as Prometheus asks for it."
    )
    publish(Section(title="scrape", note=note, figures=figures), "benchmarks.scrape", arguments)


def _scrape(exporter: Exporter) -> dict[str, list[float]]:
    rng = random.Random(0)  # noqa: S311 - when to scrape is no secret
    asked = {**_KINDS, _NOTHING: (_NOTHING, "")}
    taken: dict[str, list[float]] = {kind: [] for kind in asked}
    for _ in range(_SCRAPES):
        for kind, (path, head) in asked.items():
            time.sleep(rng.random() * _PAUSE)
            began = time.perf_counter()
            fetch(exporter.port, path, head)
            taken[kind].append((time.perf_counter() - began) * 1e3)
    return taken


def _figures(kind: str, taken: Sequence[float]) -> tuple[Figure, Figure]:
    return (
        Figure(name=f"p50, {kind}", value=f"{percentile(taken, 0.5):.2f} ms"),
        limit(
            f"p99, {kind}", percentile(taken, 0.99), _MOST_MILLISECONDS, "ms", spread(taken, "ms")
        ),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
