"""What the prober keeps of one GPU while it runs."""

from dataclasses import dataclass, field

from catalog.probe_skip import Skip
from exporter.probing.process import Process
from probes.active.budget import Budget
from probes.active.record import Record


@dataclass(slots=True)
class Patient:
    """One GPU.

    Attributes:
        found_at, eligible_since: of a clock that never jumps; None if it is not eligible now.
        looked_at: when its eligibility was last looked at.
        left: a child that could not be ended.
        skips: why and when (seconds since 1970) each task was last skipped.
        partner: which of its peers is next.
    """

    uuid: str
    found_at: float
    budget: Budget
    records: dict[str, Record] = field(default_factory=dict)
    eligible_since: float | None = None
    looked_at: float | None = None
    left: Process | None = None
    skips: dict[str, tuple[Skip, float]] = field(default_factory=dict)
    partner: int = 0

    @property
    def stuck(self) -> bool:
        """Whether the child that was left behind still has not ended."""
        if self.left is not None and self.left.ended.done():
            self.left = None
        return self.left is not None
