"""What one collection costs, by tier and collector: `python -m benchmarks.collection_cost [--source SOURCE]`."""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.results import Figure, Section, percentile, publish
from catalog.snapshot import Tier
from probes.collectors import COLLECTORS
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.sources import open_source
from probes.worker import PERIODS

_ROUNDS = 30
_PAUSE = 0.2  # GPM refuses two samples that are closer than 0.1 s
_DEAREST = 4


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default="nvml")
    options = parser.parse_args(arguments)
    driver = open_source(options.source)
    gpu = NvmlGpu(driver, driver.devices()[0])
    reader = Reader(gpu, gpu.asker, {}, time.perf_counter)
    taken: dict[str, list[float]] = {collector.name: [] for collector in COLLECTORS}
    for _ in range(_ROUNDS):
        for name, seconds in reader.read(COLLECTORS).durations:
            taken[name].append(seconds * 1e3)
        time.sleep(_PAUSE)
    note = f"One {gpu.identity.model}, median of {_ROUNDS} rounds, Python included."
    section = Section(
        title=f"collection cost, {driver.name}", note=note, figures=tuple(_figures(taken))
    )
    publish(section, "benchmarks.collection_cost", arguments)


def _figures(taken: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    for tier in PERIODS:
        medians = {
            collector.name: statistics.median(taken[collector.name])
            for collector in COLLECTORS
            if collector.tier is tier
        }
        dearest = sorted(medians, key=medians.__getitem__, reverse=True)[:_DEAREST]
        each = ", ".join(
            f"{name} {medians[name]:.2f} (p90 {percentile(taken[name], 0.9):.2f})"
            for name in dearest
        )
        yield Figure(name=_period(tier), value=f"{sum(medians.values()):.2f} ms; dearest: {each}")


def _period(tier: Tier) -> str:
    return f"{tier}, at the start" if tier is Tier.ONCE else f"{tier}, every {PERIODS[tier]:g} s"


if __name__ == "__main__":
    main(sys.argv[1:])
