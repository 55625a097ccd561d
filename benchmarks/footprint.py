"""What the exporter costs a node: processor, memory and its growth, series. `python -m benchmarks.footprint [--cluster]`.

A real `gpuvitals serve` with history on, scraped every 15 s as Prometheus does; all its processes together.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.exporter import Exporter, serving
from benchmarks.processes import processor_seconds, pss_megabytes
from benchmarks.results import Figure, Section, limit, publish

_INTERVAL = 15.0
_LEAST_MINUTES = 2
_WARM_UP = 300.0
"""Seconds that memory gets to settle before its growth counts."""
_MOST_PERCENT = 1.5
MOST_MEGABYTES = {"sim": 90, "nvml": 110}  # NVIDIA's library alone takes 18 MB
_MOST_MEGABYTES_IN_CLUSTER = 100
_MOST_GROWTH = 0.5
MOST_SERIES = 350
_PROMETHEUS = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment.

    Attributes:
        anonymous: the megabytes that belong to no file: all that can leak.
    """

    at: float
    processor: float
    megabytes: float
    anonymous: float


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--source", default="sim", choices=MOST_MEGABYTES)
    parser.add_argument("--cluster", action="store_true", help="with events and attribution")
    options = parser.parse_args(arguments)
    if options.minutes < _LEAST_MINUTES:
        parser.error(f"--minutes must be at least {_LEAST_MINUTES}")
    most = _MOST_MEGABYTES_IN_CLUSTER if options.cluster else MOST_MEGABYTES[options.source]
    where, title, note = serving, f"footprint, {options.source}", ""
    if options.cluster:
        from benchmarks import cluster  # noqa: PLC0415 - only this needs the extra kubernetes

        where, title, note = cluster.serving_in_cluster, f"{title}, in a cluster", cluster.NOTE
    with where("--source", options.source) as exporter:
        looks = tuple(_watch(exporter, options.minutes * 60))
        gpus, series = _series(exporter)
    figures = (
        *_costs(looks, most),
        *_growth(looks),
        limit("series per GPU", series, MOST_SERIES, "series"),
    )
    note = (
        f"{note} {gpus} GPUs, history on, a scrape every {_INTERVAL:.0f} s, {options.minutes:g} minutes, all processes together. "
        f"Growth is a least-squares slope after the first {_WARM_UP / 60:.0f} minutes, with its standard error; PSS moves "
        "too when other programs begin or end to share a library, its anonymous part does not."
    ).lstrip()
    section = Section(title=title, note=note, figures=figures)
    publish(section, "benchmarks.footprint", arguments)


def _watch(exporter: Exporter, seconds: float) -> Iterator[Look]:
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) <= seconds:
        exporter.get("/metrics", **_PROMETHEUS)
        pids = exporter.pids
        memory = pss_megabytes(pids), pss_megabytes(pids, "Pss_Anon")
        yield Look(elapsed, processor_seconds(pids), *memory)
        time.sleep(_INTERVAL - (time.monotonic() - began) % _INTERVAL)


def _costs(looks: Sequence[Look], most_megabytes: float) -> Iterator[Figure]:
    shares = [
        (after.processor - before.processor) / (after.at - before.at) * 100
        for before, after in zip(looks, looks[4:], strict=False)
    ]
    first, last = looks[0], looks[-1]
    share = (last.processor - first.processor) / (last.at - first.at) * 100
    minutes = f"any minute {min(shares):.2f} to {max(shares):.2f} %"
    yield limit("share of one core", share, _MOST_PERCENT, "%", minutes)
    memory = [look.megabytes for look in looks]
    least = f"from {min(memory):.1f} MB"
    yield limit("memory (PSS), at most", max(memory), most_megabytes, "MB", least)


def _growth(looks: Sequence[Look]) -> Iterator[Figure]:
    late = [look for look in looks if look.at >= _WARM_UP]
    if len(late) < 3:
        return
    hours = [look.at / 3600 for look in late]
    slope, error = _slope(hours, [look.megabytes for look in late])
    anonymous, anonymous_error = _slope(hours, [look.anonymous for look in late])
    yield Figure(
        name="growth of memory",
        value=f"{slope:.2f} ± {error:.2f} MB/h",
        target=f"< {_MOST_GROWTH} MB/h",
        met=slope < _MOST_GROWTH,
    )
    yield Figure(
        name="growth of its anonymous part",
        value=f"{anonymous:.2f} ± {anonymous_error:.2f} MB/h",
    )


def _slope(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Of the least-squares line, with its standard error."""
    slope, intercept = statistics.linear_regression(x, y)
    residuals = sum((b - intercept - slope * a) ** 2 for a, b in zip(x, y, strict=True))
    variance = statistics.variance(x) * (len(x) - 1)
    return slope, math.sqrt(residuals / (len(x) - 2) / variance)


def _series(exporter: Exporter) -> tuple[int, float]:
    lines = exporter.get("/metrics").decode().splitlines()
    gpus = sum(line.startswith("gpu_up{") for line in lines)
    return gpus, sum(line.startswith("gpu_") for line in lines) / gpus


if __name__ == "__main__":
    main(sys.argv[1:])
