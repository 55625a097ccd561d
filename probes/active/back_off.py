"""After an error a probe waits longer each time: what cannot work now should not be tried every ten minutes for ever."""

from catalog.probe import ProbeClass
from probes.active.pace import Pace

_SOONEST = 1.5
"""In periods: longer than any jitter, so that the first error costs one turn."""


def pause(errors: int, probe_class: ProbeClass, pace: Pace) -> float:
    """Seconds after the last of *errors* errors in a row in which the probe does not run."""
    if errors == 0:
        return 0.0
    doubled: float = _SOONEST * pace.period(probe_class) * 2.0 ** min(errors - 1, 30)
    return min(doubled, pace.longest_back_off)
