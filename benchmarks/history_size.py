"""How large the embedded history gets with noisy values, and how fast it is. `python -m benchmarks.history_size [--days 35]`.

Minutes go through `SqliteHistory.append` and `maintain` one by one, as in the exporter. Every series is there that an exporter of 8
simulated GPUs shows and the catalogue keeps. Gauges of the table below are noisy, and so is every counter that moved while that
exporter was watched; the others stay as they are. Means and GPM ratios have full mantissas, the worst case; power comes in
milliwatts, utilisation in percent, as NVML gives them.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.exporter import Exporter, serving
from benchmarks.results import Figure, Section, publish
from catalog.metric import Kind
from catalog.metrics import (
    BY_NAME,
    clocks,
    memory,
    nvlink,
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
MOST_MEGABYTES = 250
WATCHED = 30.0
"""Seconds in which what moves is taken for noisy."""
COUNTER_NOISE = 0.05
GPM_GAUGES = [metric for metric in profiling.FAMILIES if metric.kind is Kind.GAUGE]
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
COUNTER_STEPS = {
    power.ENERGY: 1000,
    nvlink.RECEIVE: 1,
    nvlink.TRANSMIT: 1,
    clocks.EVENT_SECONDS: 1e9,
}
"""In which the driver counts; the others have full mantissas."""
Build = Callable[[int], Minute]
Shown = Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds that the exporter's two steps of a minute took, each time."""

    append: Sequence[float]
    maintain: Sequence[float]


def main(arguments: Sequence[str] = ()) -> None:
    """Fill, measure, ask, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=FULL_DAYS)
    options = parser.parse_args(arguments)
    builds, noisy = series(random.Random(0))  # noqa: S311 - seeded, not secret
    minutes = int(options.days * DAY / MINUTE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken = fill(folder, builds, minutes)
        figures = (
            size(folder, minutes, len(builds)),
            *_times("append per minute, with fsync", taken.append),
            *_times("packing per minute", taken.maintain),
            *questions(folder, START + minutes * MINUTE),
        )
    note = (
        f"{options.days:g} days of one-minute rollups of 8 GPUs: {len(builds)} series, of which {noisy} noisy. All but the last "
        f"{DURABLE_MINUTES} minutes are written with synchronous=OFF; the times are those of the last."
    )
    publish(
        Section(title="history", note=note, figures=figures), "benchmarks.history_size", arguments
    )


def series(rng: random.Random) -> tuple[list[Build], int]:
    """What makes the minutes of each series, one after the other, and how many of them are noisy."""
    with serving("--source", "sim") as exporter:
        before = shown(exporter)
        time.sleep(WATCHED)
        after = shown(exporter)
    noisy = {
        key
        for key, value in after.items()
        if (key.metric in NOISY_GAUGES if _gauged(key) else value > before.get(key, 0.0))
    }
    builds = [
        gauge(key, value, key in noisy, rng)
        if _gauged(key)
        else counter(key, (value - before.get(key, 0.0)) / WATCHED * MINUTE, rng)
        for key, value in after.items()
    ]
    return builds, len(noisy)


def _gauged(key: Key) -> bool:
    return key.metric.kind is Kind.GAUGE


def shown(exporter: Exporter) -> Shown:
    """The series that history keeps, and their values now."""
    lines = re.findall(r"^(\w+)\{(.*)\} (\S+)$", exporter.get("/metrics").decode(), re.MULTILINE)
    return dict(_kept(lines))


def _kept(lines: Sequence[tuple[str, str, str]]) -> Iterator[tuple[Key, float]]:
    for name, pairs, value in lines:
        metric = BY_NAME.get(name)
        if metric and metric.history:
            labels = dict(re.findall(r'(\w+)="([^"]*)"', pairs))
            own = tuple(labels[label] for label in metric.labels)
            yield Key(labels.get("uuid", ""), metric, own), float(value)


def gauge(key: Key, value: float, moves: bool, rng: random.Random) -> Build:  # noqa: FBT001
    """A gauge that moves around its level, or stays at *value*."""
    level, noise, steps = NOISY_GAUGES[key.metric] if moves else (value, 0.0, 0)

    def build(at: int) -> Minute:
        values = [rng.gauss(level, noise) for _ in range(3)] if noise else [level] * 3
        mean = values[0] + rng.random() * noise
        read = [round(value * steps) / steps for value in values] if steps else values
        return GaugeMinute(
            at=at,
            key=key,
            low=min(read),
            mean=mean,
            high=max(read),
            last=read[0],
            covered=60.0,
        )

    return build


def counter(key: Key, gain: float, rng: random.Random) -> Build:
    """A counter that gains about *gain* a minute, or nothing."""
    steps = COUNTER_STEPS.get(key.metric, 0)
    last = gain * 1e5

    def build(at: int) -> Minute:
        nonlocal last
        before = last
        if gain:
            last += max(rng.gauss(gain, gain * COUNTER_NOISE), 0.0)
            last = round(last * steps) / steps if steps else last
        return CounterMinute(at=at, key=key, increase=last - before, last=last)

    return build


def fill(folder: Path, builds: list[Build], minutes: int) -> Taken:
    """Append all minutes; only the last hour waits for the disk, as the exporter always does."""
    connection = opening.writable(folder)
    connection.execute("PRAGMA synchronous = OFF")
    with Database(connection, folder) as database:
        feed(database, builds, range(minutes - DURABLE_MINUTES))
    with Database.open(folder) as database:
        return feed(database, builds, range(minutes - DURABLE_MINUTES, minutes))


def feed(database: Database, builds: list[Build], minutes: range) -> Taken:
    """Append these minutes."""
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
    return Taken(appending, maintaining)


def size(folder: Path, minutes: int, count: int) -> Figure:
    """The size of all files; that of fewer days than 35 is an estimate, too high, as the last hours are not yet packed into days."""
    found = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    days = minutes * MINUTE / DAY
    estimate = found / days * FULL_DAYS
    each = f"{found * 1e6 / (minutes * count):.2f} bytes per series and minute"
    more = (
        ""
        if days >= FULL_DAYS
        else f" after {days:g} days, extrapolated to {FULL_DAYS}: {estimate:.1f} MB"
    )
    return Figure(
        name="size, write-ahead log included",
        value=f"{found:.1f} MB{more} ({each})",
        target=f"< {MOST_MEGABYTES} MB",
        met=max(found, estimate) < MOST_MEGABYTES,
    )


def _times(name: str, seconds: Sequence[float]) -> Iterator[Figure]:
    mean, worst = sum(seconds) / len(seconds) * 1e3, max(seconds) * 1e3
    yield Figure(name=name, value=f"{mean:.1f} ms mean, {worst:.1f} ms worst of {len(seconds)}")


def questions(folder: Path, now: int) -> Iterator[Figure]:
    """How long a page's questions take."""
    with Database.open_reader(folder) as database:
        history = SqliteHistory(database)
        for metric, function in (
            (power.NOW, Function.MEAN),
            (power.NOW, Function.QUANTILE),
            (power.ENERGY, Function.INCREASE),
        ):
            taken = []
            for hours, step in ((0.25, 60), (24, 300), (24 * FULL_DAYS, 3600)):
                question = Question(
                    metric=metric, function=function, start=now - hours * 3600, end=now, step=step
                )
                began = time.perf_counter()
                history.answer(question)
                taken.append(f"{(time.perf_counter() - began) * 1e3:.0f}")
            name = f"{function} of {metric.name} over 15 minutes, 24 hours, {FULL_DAYS} days"
            yield Figure(name=name, value=f"{', '.join(taken)} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
