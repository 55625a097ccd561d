"""What an objective's alerts would have done in a past, and what they would have to be to page less."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from history.counted import Counting, Refused
from slo.incidents import Incident, Score, score
from slo.objective import Objective
from slo.replay import Levels, Page, highest, levels, looked_at, pages, paging, quiet_from
from slo.settled import settled
from slo.tally import tallies
from slo.tier import OUTAGE, Tier

EVERY = 60
"""Seconds between two evaluations of a replay."""
MONTH = 30 * 86_400
"""Seconds of the month that pages are counted in."""


_CLOSE = 1e-6
"""What is so close to a number of three digits is meant to be it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTest:
    """One tier.

    Attributes:
        alerts: how often it would have fired.
        wanted_factor: the least burn rate at which it alone would have paged as seldom as wanted; None if a total outage
            does not reach it, or nothing was wanted.
    """

    tier: Tier
    factor: float
    alerts: int
    wanted_factor: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """One objective.

    Attributes:
        pages: of all groups, in the order of time.
        wanted_target: the highest target at which all that pages would have paged as seldom as wanted; None if there is
            no such target, or nothing was wanted.
        refused: why nothing can be told; empty if it can.
    """

    objective: Objective
    start: float
    end: float
    pages: tuple[Page, ...] = ()
    tiers: tuple[TierTest, ...] = ()
    score: Score | None = None
    wanted_target: float | None = None
    refused: str = ""

    @property
    def pages_per_month(self) -> float:
        return len(self.pages) * MONTH / (self.end - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked beside the pages.

    Attributes:
        incidents: None if there is no list.
        pages_per_month: None if no number is wanted.
    """

    incidents: tuple[Incident, ...] | None = None
    pages_per_month: float | None = None


def backtests(
    objectives: Sequence[Objective], span: tuple[float, float], counting: Counting, wish: Wish
) -> tuple[Backtest, ...]:
    """Replay *span* for each objective.

    Raises:
        ConfigError: an incident has a label that no group has.
        HistoryError: the history cannot be asked.
    """
    start, end = span[0], counting.until(span[1])
    steps = {one.name: looked_at(start, end, EVERY) for one in objectives}
    return tuple(
        Backtest(objective=one, start=start, end=end, refused=found.reason)
        if isinstance(found, Refused)
        else _backtest(
            one, (start, end), [levels(one, group, start) for group in settled(one, found)], wish
        )
        for one, found in tallies(objectives, steps, counting)
    )


def _backtest(
    objective: Objective, span: tuple[float, float], found: Sequence[Levels], wish: Wish
) -> Backtest:
    sent = [page for one in found for page in pages(objective, one, paging(objective))]
    sent.sort(key=lambda page: page.began)
    most = math.inf
    if wish.pages_per_month is not None:
        most = wish.pages_per_month * (span[1] - span[0]) / MONTH
    budget = quiet_from((highest(objective, one) for one in found), most)
    inside = [one for one in wish.incidents or () if span[0] <= one.start < span[1]]
    return Backtest(
        objective=objective,
        start=span[0],
        end=span[1],
        pages=tuple(sent),
        tiers=tuple(_tier(objective, tier, found, most) for tier in objective.tiers),
        score=None if wish.incidents is None else score(objective, sent, inside),
        wanted_target=1 - _up(budget) if math.isfinite(most) and _up(budget) < 1 else None,
    )


def _tier(objective: Objective, tier: Tier, found: Sequence[Levels], most: float) -> TierTest:
    lines = [dict(one.shares)[tier] for one in found]
    share = quiet_from(lines, most)
    possible = math.isfinite(most) and share <= OUTAGE
    return TierTest(
        tier=tier,
        factor=tier.capped(objective),
        alerts=sum(len(pages(objective, one, (tier,))) for one in found),
        wanted_factor=_up(share / objective.budget) if possible else None,
    )


def _up(value: float) -> float:
    """The next number of three digits: from there on it is as quiet."""
    if not 0 < value < math.inf:
        return value
    scale = 10.0 ** (2 - math.floor(math.log10(value)))
    return (math.floor(value * scale + _CLOSE) + 1) / scale
