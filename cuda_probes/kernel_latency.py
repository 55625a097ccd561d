"""How long a launch of an empty kernel takes, by the host's clock and by the GPU's.

A neighbour on the same core makes single rounds up to a quarter slower, on the host's side alone; so there are several rounds,
each on a core of its own, and the quietest counts.
"""

import contextlib
import os
from collections.abc import Iterable
from itertools import islice
from statistics import median

from catalog.probe import Latency
from cuda_probes.findings import Findings
from cuda_probes.gpu import Kernel
from cuda_probes.ptx import ptx
from cuda_probes.run import Run

_ROUNDS = 5
_UNCOUNTED = 60
"""Launches at the start of a round, until the core's caches and clock are what they stay at."""
_LAUNCHES = 200
_EVENTS = 60
_PATIENCE = 0.04
"""Seconds for all rounds together. Beside a tenant every launch waits for the GPU to change sides, and the tenant pays for that."""
_QUEUED = 20
_SPIN_NS = 400_000
"""Longer than it takes to queue those launches."""


def probe(run: Run) -> Findings:
    """Delays of single launches, one after the other, from one thread that stays on its core."""
    empty = run.gpu.kernel(ptx("clock"), "empty", "")
    busy = _busy_seconds(run, empty)
    rounds = []
    began = run.clock()
    for core in _cores(os.sched_getaffinity(0)):
        run.checkpoint()
        _stay_on(core)
        uncounted = run.gpu.launch_delays(empty, _UNCOUNTED, _PATIENCE / 10)
        left = began + _PATIENCE - run.clock()
        rounds.append((run.gpu.launch_delays(empty, _LAUNCHES, left), core))
        run.gpu_seconds += busy * (len(uncounted) + len(rounds[-1][0]))
        if run.clock() - began > _PATIENCE:
            break
    launches, quietest = min(rounds, key=lambda measured: median(measured[0]))
    _stay_on(quietest)
    events = run.gpu.event_delays(empty, _EVENTS, _PATIENCE / 4)
    run.gpu_seconds += busy * len(events)
    return Findings(
        latencies=(
            Latency(name="launch", seconds=launches),
            Latency(name="event", seconds=events),
        )
    )


def _cores(allowed: Iterable[int]) -> Iterable[int]:
    """One core for each round, from the last down: interrupts like the first."""
    ordered = sorted(allowed, reverse=True)
    return islice(ordered * _ROUNDS, _ROUNDS)


def _busy_seconds(run: Run, empty: Kernel) -> float:
    """How long one launch keeps the GPU: many are queued while it is still busy with something else."""
    gpu = run.gpu
    spin = gpu.kernel(ptx("clock"), "sm_clock", "IP")
    answer = gpu.allocate(16)
    marks = [gpu.mark()]
    spin.launch(1, 32, _SPIN_NS, answer)
    marks.append(gpu.mark())
    for _ in range(_QUEUED):
        empty.launch(1, 1)
    marks.append(gpu.mark())
    spun, queued = gpu.seconds(marks)
    run.gpu_seconds += spun + queued
    return queued / _QUEUED


def _stay_on(core: int) -> None:
    """Keep to one core; where a sandbox forbids that, the scheduler decides, and the latency shows it."""
    with contextlib.suppress(PermissionError):
        os.sched_setaffinity(0, {core})
