"""How large the embedded history gets with noisy values, and how fast it is.

    nice python -m benchmarks.history_size --days 35 --gpus 8

Minutes go through `SqliteHistory.append` and `maintain` one by one, as in the exporter. Fewer days
than 35 are extrapolated, and the output says so. Every series that the catalogue keeps is there: 20
noisy gauges and 16 noisy counters per GPU, the others hardly change. Means and GPM ratios have full
mantissas, the worst case; power comes in milliwatts, utilisation in percent, as NVML gives them.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

from catalog.metric import Kind
from catalog.metrics import (
    ALL,
    clocks,
    ecc,
    memory,
    nvlink,
    pcie,
    power,
    processes,
    profiling,
    temperature,
    utilization,
)
from history import opening
from history.blocks import DAY
from history.database import Database
from history.minute import CounterMinute, GaugeMinute, Key, Minute
from history.question import MINUTE, Function, Question
from history.sqlite import SqliteHistory

START = 20_000 * DAY
FULL_DAYS = 35
DURABLE_MINUTES = 60
LIMIT = 250e6
LABELS = {
    "sensor": temperature.SENSORS,
    "clock": clocks.CLOCKS,
    "reason": clocks.REASONS,
    "type": ecc.TYPES,
    "location": ecc.LOCATIONS,
    "state": nvlink.LINK_STATES,
    "kind": nvlink.ERROR_KINDS,
}
GPM_GAUGES = [metric for metric in profiling.FAMILIES if metric.kind is Kind.GAUGE]
GPM_COUNTERS = [metric for metric in profiling.FAMILIES if metric.kind is Kind.COUNTER]
# Level, noise, and steps per unit in which the driver counts; 0 is a full mantissa.
NOISY_GAUGES = {
    utilization.UTILIZATION: (0.9, 0.05, 100),
    utilization.MEMORY_CONTROLLER: (0.4, 0.05, 100),
    memory.USED: (6e10, 1e9, 2**-21),
    power.NOW: (450, 30, 1000),
    temperature.TEMPERATURE: (65, 2, 1),
    temperature.MARGIN: (22, 2, 1),
    clocks.CLOCK: (1.7e9, 5e7, 1 / 15e6),
    processes.COUNT: (4, 2, 1),
    **dict.fromkeys(GPM_GAUGES, (0.5, 0.1, 0)),
}
NOISY_COUNTERS = {
    utilization.BUSY: (54, 2, 0),
    power.ENERGY: (27_000, 500, 1000),
    pcie.RECEIVE: (6e11, 1e10, 0),
    pcie.TRANSMIT: (6e11, 1e10, 0),
    nvlink.RECEIVE: (1e13, 1e11, 1),
    nvlink.TRANSMIT: (1e13, 1e11, 1),
    clocks.EVENT_SECONDS: (20, 5, 1e9),
    **dict.fromkeys(GPM_COUNTERS, (30, 5, 0)),
}
NOISY_REASONS = {("gpu_idle",), ("sw_power_cap",), ("sw_thermal_slowdown",)}
Build = Callable[[int], Minute]


def main() -> None:
    """Fill, measure, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=1.25)
    parser.add_argument("--gpus", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        builds = series(options.gpus, random.Random(0))  # noqa: S311 - seeded, not secret
        minutes = int(options.days * DAY / MINUTE)
        began = time.perf_counter()
        fill(Path(folder), builds, minutes)
        print(f"filled in {time.perf_counter() - began:.0f} s")
        report_size(Path(folder), minutes, len(builds))
        report_queries(Path(folder), START + minutes * MINUTE)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def series(gpus: int, rng: random.Random) -> list[Build]:
    """What makes the minutes of each series, one after the other."""
    builds: list[Build] = []
    for gpu, metric in product(range(gpus), (metric for metric in ALL if metric.history)):
        for labels in product(*(LABELS[name] for name in metric.labels)):
            key = Key(f"GPU-{gpu:08d}-0000-0000-0000-000000000000", metric, labels)
            builds.append(gauge(key, rng) if metric.kind is Kind.GAUGE else counter(key, rng))
    return builds


def gauge(key: Key, rng: random.Random) -> Build:
    """A gauge that moves around its level, or the constant 1."""
    level, noise, steps = NOISY_GAUGES.get(key.metric, (1.0, 0.0, 1))

    def build(at: int) -> Minute:
        values = [rng.gauss(level, noise) for _ in range(3)] if noise else [level] * 3
        mean = values[0] + rng.random() * noise
        read = [round(value * steps) / steps for value in values] if steps else values
        return GaugeMinute(
            at=at,
            key=key,
            low=min(read),
            mean=mean if noise else level,
            high=max(read),
            last=read[0],
            covered=60.0,
        )

    return build


def counter(key: Key, rng: random.Random) -> Build:
    """A counter that gains a noisy amount, or nothing."""
    gain, noise, steps = NOISY_COUNTERS.get(key.metric, (0.0, 0.0, 1))
    if key.metric is clocks.EVENT_SECONDS and key.labels not in NOISY_REASONS:
        gain = noise = 0.0
    last = gain * 1e5

    def build(at: int) -> Minute:
        nonlocal last
        before = last
        if gain:
            last += max(rng.gauss(gain, noise), 0.0)
            last = round(last * steps) / steps if steps else last
        return CounterMinute(at=at, key=key, increase=last - before, last=last)

    return build


def fill(folder: Path, builds: list[Build], minutes: int) -> None:
    """Append all minutes; only the last hour waits for the disk, as the exporter always does."""
    connection = opening.writable(folder)
    connection.execute("PRAGMA synchronous = OFF")
    with Database(connection, folder) as database:
        feed(database, builds, range(minutes - DURABLE_MINUTES))
    with Database.open(folder) as database:
        feed(database, builds, range(minutes - DURABLE_MINUTES, minutes))


def feed(database: Database, builds: list[Build], minutes: range) -> None:
    """Append these minutes and print what one took."""
    history = SqliteHistory(database, days=FULL_DAYS)
    appending: list[float] = []
    maintaining: list[float] = []
    for minute in minutes:
        at = START + minute * MINUTE
        rows = [build(at) for build in builds]
        began = time.perf_counter()
        history.append(rows)
        appended = time.perf_counter()
        history.maintain(at + 2 * MINUTE)
        appending.append(appended - began)
        maintaining.append(time.perf_counter() - appended)
    for name, times in (("append", appending), ("maintain", maintaining)):
        times.sort()
        mean = sum(times) / len(times)
        print(
            f"{name:8} {len(minutes)} minutes: mean {mean * 1e3:.1f} ms,"
            f" p99 {times[int(len(times) * 0.99)] * 1e3:.1f} ms, worst {times[-1] * 1e3:.1f} ms"
        )


def report_size(folder: Path, minutes: int, count: int) -> None:
    """Print the size of all files, and what 35 days of it would be."""
    size = sum(file.stat().st_size for file in folder.iterdir())
    days = minutes * MINUTE / DAY
    print(f"{count} series, {days:.2f} days: {size / 1e6:.1f} MB with the write-ahead log,")
    print(f"  {size / (minutes * count):.2f} bytes per minute of a series")
    if days < FULL_DAYS:
        estimate = size / days * FULL_DAYS
        verdict = "below" if estimate < LIMIT else "ABOVE"
        print(f"  extrapolated to {FULL_DAYS} days: {estimate / 1e6:.0f} MB, {verdict} the limit")
        print("  (an overestimate: the last hours are not packed into days yet)")
    else:
        verdict = "below" if size < LIMIT else "ABOVE"
        print(f"  measured, {verdict} the limit of {LIMIT / 1e6:.0f} MB")


def report_queries(folder: Path, now: int) -> None:
    """Print how long a page's questions take."""
    with Database.open_reader(folder) as database:
        history = SqliteHistory(database)
        for metric, function in (
            (power.NOW, Function.MEAN),
            (power.NOW, Function.QUANTILE),
            (power.ENERGY, Function.INCREASE),
        ):
            for hours, step in ((0.25, 60), (24, 300), (24 * FULL_DAYS, 3600)):
                question = Question(
                    metric=metric, function=function, start=now - hours * 3600, end=now, step=step
                )
                began = time.perf_counter()
                lines = history.answer(question)
                took = time.perf_counter() - began
                points = sum(len(line.times) for line in lines)
                print(
                    f"{function} of {metric.name} over {hours:g} h:"
                    f" {len(lines)} lines, {points} points in {took * 1e3:.0f} ms"
                )


if __name__ == "__main__":
    main()
