"""What a burn alert can do, computed before it is ever needed: how soon it notices, how soon it ends, what it needs.

Traffic is taken as steady and the error rate as a step. Times are of the windows alone, as our rules record them; a scrape,
an evaluation and the delivery of the alert come on top.
"""

import math
from dataclasses import dataclass

from slo.objective import TILE, Objective
from slo.tier import SECONDS, SLOW, Tier

RATES = ("outage", "10 %", "2x budget")
"""The error rates that are asked about: all events bad, a tenth of them, twice what the budget allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One tier of one objective.

    Attributes:
        factor: the burn rate that fires, after capping.
        seconds: per rate of `RATES`, from the first bad event to the condition; None if it never holds.
        reset_seconds: from the end of a total outage to the end of the condition, at the most.
        events: fewer events than these in the long window, and a single bad one holds the condition in it.
    """

    tier: Tier
    factor: float
    seconds: tuple[float | None, ...]
    reset_seconds: float
    events: float


def detections(objective: Objective) -> tuple[Detection, ...]:
    """What each tier of *objective* can do."""
    rates = (1.0, 0.1, min(2 * objective.budget, 1.0))
    return tuple(_detection(tier, objective, rates) for tier in objective.tiers)


def _detection(tier: Tier, objective: Objective, rates: tuple[float, ...]) -> Detection:
    threshold = tier.capped(objective) * objective.budget
    return Detection(
        tier=tier,
        factor=tier.capped(objective),
        seconds=tuple(_seconds(tier, threshold, rate) for rate in rates),
        reset_seconds=_changed(tier.short, 1 - threshold),
        events=max(1 / threshold, objective.least_events),
    )


def _seconds(tier: Tier, threshold: float, rate: float) -> float | None:
    """The bad share of a window grows as the error fills it; both windows must reach the threshold."""
    if rate < threshold:
        return None
    return max(_changed(window, threshold / rate) for window in (tier.long, tier.short))


def _changed(window: str, share: float) -> float:
    """How long what is new takes to be *share* of *window*.

    Days are sums of tiles, and the newest tile may just miss it. Hours are sums of five-minute counts that overlap: both
    ends of the window are blurred, so that what is new counts little at first.
    """
    whole = float(SECONDS[window])
    new, old = whole * share, whole * (1 - share)
    if window in SLOW:
        return new + TILE
    if whole == TILE:
        return new
    if new < TILE / 2:
        return math.sqrt(2 * TILE * new)
    if old < TILE / 2:
        return whole + TILE - math.sqrt(2 * TILE * old)
    return new + TILE / 2
