"""The alerts of a past: what each tier would have done at each step of it, and the pages that would have been sent."""

import math
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from history.counted import Group, Steps
from history.when import length
from slo.objective import TILE, Objective
from slo.settled import Settled, seen
from slo.tally import Sums
from slo.tier import OUTAGE, SECONDS, SLOW, Tier

PAGE = "page"
BEFORE = max(SECONDS.values()) + 86_400
"""Seconds before the first answer of a replay that it looks back to; what silence costs, another day says."""
_LITTLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A time in which somebody would have been called; tiers that fire at once are one page.

    Attributes:
        tiers: those that fired meanwhile.
        ended: None if it had not ended when the replay did.
    """

    group: Group
    began: float
    ended: float | None
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What each tier of an objective saw in one group.

    Attributes:
        steps: those that are answered.
        shares: per tier and step, the share of bad events that its condition reaches: it fires where the share is at
            least its factor times the budget.
    """

    group: Group
    steps: Steps
    shares: tuple[tuple[Tier, "array[float]"], ...]


def looked_at(start: float, end: float, width: int) -> Steps:
    """The steps that have to be known for a replay from *start* to *end*."""
    count = math.ceil((end - start + BEFORE) / width)
    each = TILE // width  # whole tiles, of which silence is
    return Steps(end=end, width=width, count=-(-count // each) * each)


def levels(objective: Objective, group: Settled, start: float) -> Levels:
    """What each tier saw after *start*."""
    tally, windows = group.tally, _Windows(group)
    first = min(
        max(math.ceil((start - tally.steps.start) / tally.steps.width), 0), len(tally.total)
    )
    steps = Steps(end=tally.steps.end, width=tally.steps.width, count=tally.steps.count - first)
    return Levels(
        group=tally.group,
        steps=steps,
        shares=tuple(
            (
                tier,
                array("d", _lasting(tier, windows.condition(objective, tier), tally.steps))[
                    first:
                ],
            )
            for tier in objective.tiers
        ),
    )


class _Windows:
    """What the rules look at, at every step."""

    def __init__(self, group: Settled) -> None:
        tally = group.tally
        self._width, self._count = tally.steps.width, tally.steps.count
        self._events = Sums(tally.total)
        self._total, self._bad = (
            Sums(_added(line, group.silent)) for line in (tally.total, tally.bad)
        )
        tile = TILE // self._width
        known = seen(tally)
        self._covered = Sums(float(known.over(tile, last) > 0) for last in range(self._count))
        # Over hours the rules add up five minutes that overlap, one per evaluation.
        self._total_recent, self._bad_recent = (
            Sums(sums.over(tile, last) for last in range(self._count))
            for sums in (self._total, self._bad)
        )

    def condition(self, objective: Objective, tier: Tier) -> Iterator[float]:
        """The share of bad events that both windows of *tier* reach at each step; 0 where they do not count yet."""
        long = SECONDS[tier.long] // self._width
        for last in range(self._count):
            counts = (
                self._covered.over(long, last) >= long / 2
                and self._events.over(long, last) >= objective.least_events
            )
            both = (self._share(tier.long, last), self._share(tier.short, last))
            yield min(both) if counts else 0.0

    def _share(self, window: str, last: int) -> float:
        count = SECONDS[window] // self._width
        plain = window in SLOW or SECONDS[window] == TILE
        total, bad = (self._total, self._bad) if plain else (self._total_recent, self._bad_recent)
        return min(bad.over(count, last) / max(total.over(count, last), _LITTLE), 1.0)


def _added(known: "array[float]", silent: "array[float]") -> Iterator[float]:
    return (
        (0.0 if math.isnan(one) else one) + cost for one, cost in zip(known, silent, strict=True)
    )


def _lasting(tier: Tier, shares: Iterable[float], steps: Steps) -> Iterator[float]:
    """What was reached at every evaluation for as long as the tier waits before it fires."""
    wait = length(tier.lasting) // steps.width + 1 if tier.lasting else 1
    lowest: deque[tuple[int, float]] = deque()
    for number, share in enumerate(shares):
        while lowest and lowest[-1][1] >= share:
            lowest.pop()
        lowest.append((number, share))
        if lowest[0][0] <= number - wait:
            lowest.popleft()
        yield lowest[0][1] if number + 1 >= wait else 0.0


def paging(objective: Objective) -> tuple[Tier, ...]:
    """The tiers that page; all of them if none says so."""
    return tuple(tier for tier in objective.tiers if tier.severity == PAGE) or objective.tiers


def pages(objective: Objective, found: Levels, tiers: Sequence[Tier]) -> tuple[Page, ...]:
    """The pages that *tiers* would have sent."""
    firing = [
        (tier, [share >= tier.capped(objective) * objective.budget for share in shares])
        for tier, shares in found.shares
        if tier in tiers
    ]
    spans = _spans([any(row) for row in zip(*(fires for _, fires in firing), strict=True)])
    return tuple(
        Page(
            group=found.group,
            began=found.steps.ended(first),
            ended=found.steps.ended(after) if after < found.steps.count else None,
            tiers=tuple(tier for tier, fires in firing if any(fires[first:after])),
        )
        for first, after in spans
    )


def _spans(holds: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where it begins to hold, and where it no longer does."""
    edges = [number for number, (a, b) in enumerate(pairwise((False, *holds, False))) if a != b]
    return zip(edges[::2], edges[1::2], strict=True)


def highest(objective: Objective, found: Levels) -> "array[float]":
    """At each step, the largest budget at which any tier that pages would have fired: infinite where every budget would."""
    lines = [(tier, shares) for tier, shares in found.shares if tier in paging(objective)]
    return array(
        "d",
        [
            max(
                math.inf if share >= OUTAGE else share / tier.factor
                for (tier, _), share in zip(lines, row, strict=True)
            )
            for row in zip(*(shares for _, shares in lines), strict=True)
        ],
    )


def quiet_from(lines: Iterable["array[float]"], most: float) -> float:
    """The least level from which on the *lines* rise to any level at most so often."""
    changes: list[tuple[float, int]] = []
    for line in lines:
        for before, after in pairwise((0.0, *line)):
            if after > before:
                changes += ((after, 1), (before, -1))
    changes.sort(reverse=True)
    count, number = 0, 0
    while number < len(changes):
        level = changes[number][0]
        while number < len(changes) and changes[number][0] == level:
            count += changes[number][1]
            number += 1
        if count > most:
            return math.nextafter(level, math.inf)
    return 0.0
