"""How often, how much, how soon again: every interval of the active probes in one value."""

from dataclasses import dataclass, replace

from catalog.probe import ProbeClass

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds, unless said otherwise.

    Attributes:
        period_a, period_b: between two runs of a probe of each class on one GPU.
        settle: after a GPU was found nothing runs, for whatever else starts with it goes first.
        introduction: over which the first runs of a GPU that was never probed are spread: whoever installs us sees them soon.
        quiet: how long a GPU must be idle before what was skipped is made up for.
        xid: how long after an Xid nothing runs.
        longest_back_off: between an error and the next try, at most.
        deadline: what a child may take; on a host without a spare core it starts slowly.
        budget: GPU-seconds per GPU that all runs may take in an hour.
    """

    period_a: float = 600.0
    period_b: float = _HOUR
    settle: float = 120.0
    introduction: float = 150.0
    quiet: float = 30.0
    xid: float = 600.0
    longest_back_off: float = 24 * _HOUR
    deadline: float = 30.0
    budget: float = 2.0

    def period(self, probe_class: ProbeClass) -> float:
        return self.period_a if probe_class is ProbeClass.A else self.period_b

    def faster(self, times: float) -> "Pace":
        """The same day in an hour: for simulated GPUs, which nobody wants to watch that long. A child has its time in full."""
        return replace(
            self,
            period_a=self.period_a / times,
            period_b=self.period_b / times,
            settle=self.settle / times,
            introduction=self.introduction / times,
            quiet=self.quiet / times,
            xid=self.xid / times,
            longest_back_off=self.longest_back_off / times,
            budget=self.budget * times,
        )
