"""How long a launch of an empty kernel takes, by the host's clock and by the GPU's."""

import os
from statistics import median

from catalog.probe import Latency
from cuda_probes.findings import Findings
from cuda_probes.ptx import ptx
from cuda_probes.run import Run

_LAUNCHES = 500
_EVENTS = 100
_UNCOUNTED = 50


def probe(run: Run) -> Findings:
    """Delays of single launches, one after the other, from one thread that stays on its core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    empty = run.gpu.kernel(ptx("clock"), "empty", "")
    run.checkpoint()
    run.gpu.launch_delays(empty, _UNCOUNTED)
    run.checkpoint()
    launches = run.gpu.launch_delays(empty, _LAUNCHES)
    run.checkpoint()
    run.gpu.event_delays(empty, _UNCOUNTED // 5)
    events = run.gpu.event_delays(empty, _EVENTS)
    run.gpu_seconds += median(events) * (_LAUNCHES + _EVENTS + _UNCOUNTED * 6 // 5)
    return Findings(
        latencies=(
            Latency(name="launch", seconds=launches),
            Latency(name="event", seconds=events),
        )
    )
