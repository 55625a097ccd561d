"""How long a launch of an empty kernel takes, by the host's clock and by the GPU's."""

import os
from functools import partial

from catalog.probe import Latency
from cuda_probes.driver import Kernel
from cuda_probes.findings import Findings
from cuda_probes.ptx import ptx
from cuda_probes.run import Run

_UNCOUNTED = 500
"""Launches in front, until caches and the core's own clock are what they stay at."""
_LAUNCHES = 300
_EVENTS = 60
_QUEUED = 50


def probe(run: Run) -> Findings:
    """Delays of single launches, one after the other, from one thread that stays on its core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    empty = run.gpu.kernel(ptx("clock"), "empty", "")
    # How long one keeps the GPU: launches that do not wait for each other, so that the gaps are small.
    (queued,) = run.timed([partial(_queue, empty)])
    run.gpu.launch_delays(empty, _UNCOUNTED)
    run.checkpoint()
    launches = run.gpu.launch_delays(empty, _LAUNCHES)
    run.checkpoint()
    events = run.gpu.event_delays(empty, _EVENTS)
    run.gpu_seconds += queued / _QUEUED * (_UNCOUNTED + _LAUNCHES + _EVENTS)
    return Findings(
        latencies=(
            Latency(name="launch", seconds=launches),
            Latency(name="event", seconds=events),
        )
    )


def _queue(empty: Kernel) -> None:
    for _ in range(_QUEUED):
        empty.launch(1, 1)
