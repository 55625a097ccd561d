"""What of a GPU's time was available: what "available" means is written here, and nowhere else.

Available: the GPU answers and serves work: its state is ok, degraded or recovering. A degraded GPU does less than it
should, which is a matter of performance; a recovering one is back, and only watched.
Not available: hung, lost or unhealthy, since work that runs there fails, or must be moved away.
Observed: the state is known, whatever it is. Nobody observes while the exporter does not run, its reader starts anew or
the driver is let go; those seconds are in what is expected, and not in what is observed.
Expected: the GPU belongs to this node (`exporter.health.roster`) and no maintenance is declared.
"""

from collections.abc import Callable, Iterable

from catalog import histogram
from catalog.finding import State
from catalog.metric import Metric
from catalog.metrics import availability

Spend = Callable[[Metric, tuple[str, ...], float], None]
"""Adds to a series of this GPU."""

AVAILABLE = frozenset((State.OK, State.DEGRADED, State.RECOVERING))
_PARTS = histogram.parts(availability.RECOVERY)


class Account:
    """The seconds of one GPU.

    Args:
        spend: adds to its counters.
        now: by a clock that never jumps.
        left: when it stopped being available, seconds since 1970; None if it did not.
    """

    def __init__(self, spend: Spend, now: float, left: float | None = None) -> None:
        self.left = left
        self._spend = spend
        self._since = now
        self._expected = False
        for metric in (availability.AVAILABLE, availability.OBSERVED, availability.EXPECTED):
            spend(metric, (), 0.0)
        self._observe(())

    def advance(self, state: State, now: float, *, expected: bool) -> None:
        """The time up to *now* was spent in *state*; whether what follows is expected is known from then on."""
        seconds = max(now - self._since, 0.0)
        self._since = now
        if self._expected:
            self._spend(availability.EXPECTED, (), seconds)
            if state is not State.UNKNOWN:
                self._spend(availability.OBSERVED, (), seconds)
            if state in AVAILABLE:
                self._spend(availability.AVAILABLE, (), seconds)
        self._expected = expected

    def missed(self, seconds: float) -> None:
        """The GPU was expected in a time in which no exporter ran."""
        self._spend(availability.EXPECTED, (), seconds)

    def changed(self, state: State, at: float) -> None:
        """It is in *state* from *at* on, seconds since 1970; what nobody knows ends no outage and begins none."""
        if state in AVAILABLE:
            if self.left is not None:
                self._observe((max(at - self.left, 0.0),))
            self.left = None
        elif state is not State.UNKNOWN and self.left is None:
            self.left = at

    def _observe(self, outages: Iterable[float]) -> None:
        grown = histogram.increases(availability.RECOVERY, outages)
        for part, increase in zip(_PARTS, grown, strict=True):
            self._spend(availability.RECOVERY, (part,), increase)
