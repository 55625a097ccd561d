"""What one collection costs, by tier and collector: `python -m benchmarks.collection_cost [SOURCE]`."""

import statistics
import sys
import time

from catalog.snapshot import Tier
from probes.collectors import COLLECTORS
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from probes.sources import open_source

_ROUNDS = 30
_PAUSE = 0.2  # GPM refuses two samples that are closer than 0.1 s


def main() -> None:
    """Print the median and the 90th percentile of each collector over 30 rounds, in microseconds."""
    driver = open_source(sys.argv[1] if len(sys.argv) > 1 else "nvml")
    gpu = NvmlGpu(driver, driver.devices()[0])
    reader = Reader(gpu, gpu.asker, {}, time.perf_counter)
    taken: dict[str, list[float]] = {collector.name: [] for collector in COLLECTORS}
    for _ in range(_ROUNDS):
        for name, seconds in reader.read(COLLECTORS).durations:
            taken[name].append(seconds * 1e6)
        time.sleep(_PAUSE)
    print(f"one {gpu.identity.model}, {driver.name}, {_ROUNDS} rounds; microseconds")
    print(f"{'tier':8}{'collector':18}{'median':>10}{'p90':>10}")
    for tier in Tier:
        rows = [collector.name for collector in COLLECTORS if collector.tier is tier]
        for name in rows:
            nine = statistics.quantiles(taken[name], n=10)[-1]
            print(f"{tier:8}{name:18}{statistics.median(taken[name]):10.0f}{nine:10.0f}")
        if rows:
            total = sum(statistics.median(taken[name]) for name in rows)
            print(f"{tier:8}{'(all)':18}{total:10.0f}")


if __name__ == "__main__":
    main()
