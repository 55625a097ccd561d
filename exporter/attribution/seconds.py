"""Counts for how long each GPU was free, allocated and idle, or allocated and active, once a second."""

from catalog.metric import Metric
from catalog.metrics import allocation, profiling, utilization
from catalog.snapshot import GpuView, Reading, Tier
from exporter.integrals import Integrals

_ACTIVE = 0.01
"""SM activity, or utilisation, above which a GPU is active: drivers report a little of either for monitoring alone."""
_GAP = 3.0
"""Seconds between two readings beyond which nobody saw what happened."""


class AllocationSeconds:
    """The counters; a GPU's exist from the first time on that somebody knows how much of it is allocated."""

    def __init__(self, integrals: Integrals) -> None:
        self._integrals = integrals
        self._before: dict[str, float] = {}
        self._shares: dict[str, float | None] = {}

    def know(self, uuid: str, share: float | None) -> None:
        """How much of a GPU is allocated from now on; None if nobody knows."""
        if share is not None and uuid not in self._shares:
            for state in allocation.STATES:
                self._integrals.spend(uuid, allocation.SECONDS, (state,), 0.0)
        if share is not None or uuid in self._shares:
            self._shares[uuid] = share

    def observe(self, view: GpuView, reading: Reading) -> None:
        """Count the time since the fast reading before *reading*."""
        uuid = view.identity.uuid
        before = self._before.get(uuid, reading.at)
        self._before[uuid] = reading.at
        share, elapsed = self._shares.get(uuid), reading.at - before
        if share is None or not 0 < elapsed <= _GAP:
            return
        self._integrals.spend(uuid, allocation.SECONDS, ("free",), elapsed * (1 - share))
        self._integrals.spend(uuid, allocation.SECONDS, (_state(view, reading),), elapsed * share)


def _state(view: GpuView, reading: Reading) -> str:
    """What an allocated GPU does: as its SMs say where they can tell, for utilisation is any work, copies too."""
    activity = _value(view.readings.get(Tier.MEDIUM), profiling.SM_ACTIVE)
    if activity is None:
        activity = _value(reading, utilization.UTILIZATION)
    if activity is None:
        return "allocated_unknown"
    return "allocated_active" if activity > _ACTIVE else "allocated_idle"


def _value(reading: Reading | None, metric: Metric) -> float | None:
    """The value of a series without labels of its own."""
    for place, (candidate, _) in enumerate(reading.layout.series if reading else ()):
        if candidate is metric and reading:
            return reading.values[place]
    return None
