"""Tallies with what silence costs, as the rules of `slo.silence` add it to them: by parts where parts are missed one by one."""

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from history.counted import Group
from slo.indicator import Slices
from slo.objective import TILE, Objective, SilentBudget
from slo.tally import Sums, Tally, coarser

_DAY = 86_400 // TILE
"""Tiles."""
_LATELY = 2
"""Tiles for which the last cost of what is listed goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One group.

    Attributes:
        silent: events of each step that silence costs, all of them bad.
    """

    tally: Tally
    silent: "array[float]"


def listed(objective: Objective, group: Group) -> bool:
    """Whether *group*, or a part of it, must be there though nobody sees it."""
    return any(member[: len(group)] == group for member in objective.members)


def seen(tally: Tally) -> Sums:
    """Of how many steps anything is known."""
    return Sums(0.0 if math.isnan(one) else 1.0 for one in tally.total)


def settled(objective: Objective, parts: Sequence[Tally]) -> tuple[Settled, ...]:
    """The groups that *parts* make up, with what their silence costs."""
    if objective.silent_budget is SilentBudget.EXCLUDE:
        return tuple(
            Settled(tally=one, silent=array("d", [0.0]) * one.steps.count) for one in parts
        )
    found: dict[Group, list[Settled]] = {}
    for one in _charged(objective, parts):
        found.setdefault(one.tally.group[: len(objective.by)], []).append(one)
    return tuple(_together(group, ones) for group, ones in found.items())


def _charged(objective: Objective, parts: Sequence[Tally]) -> Iterator[Settled]:
    tiled = [coarser(one, TILE) for one in parts]
    alone = [_Charge(one) for one in tiled]
    usual = _mean([charge.usual for charge in alone])
    if isinstance(objective.indicator, Slices):  # time passes for what nobody ever saw, too
        usual = array("d", [TILE / objective.indicator.every]) * len(usual)
    for part, tiles, charge in zip(parts, tiled, alone, strict=True):
        listed = part.group in objective.members
        yield (_Charge(tiles, usual) if listed else charge).of(part)


def _mean(lines: Sequence["array[float]"]) -> "array[float]":
    known = ([one for one in row if not math.isnan(one)] for row in zip(*lines, strict=True))
    return array("d", [fmean(row) if row else math.nan for row in known])


class _Day:
    """The tiles of the last day."""

    def __init__(self) -> None:
        self._tiles: deque[float] = deque()
        self._sum, self._known = 0.0, 0

    def mean_with(self, tile: float) -> float:
        """The mean of those that are known, *tile* the last of them; NaN if none is."""
        self._tiles.append(tile)
        self._count(tile, 1)
        if len(self._tiles) > _DAY:
            self._count(self._tiles.popleft(), -1)
        return self._sum / self._known if self._known else math.nan

    def _count(self, tile: float, sign: int) -> None:
        if not math.isnan(tile):
            self._sum, self._known = self._sum + sign * tile, self._known + sign


class _Charge:
    """What the silence of one part costs, tile by tile.

    Args:
        instead: what stands for its usual events before it was seen; nothing does for what is not listed.

    Attributes:
        usual: its events in a tile of an average day.
    """

    def __init__(self, tiles: Tally, instead: "array[float] | None" = None) -> None:
        self._instead = instead
        self._costs, self.usual = array("d"), array("d")
        self._silent: list[bool] = []
        day = _Day()
        for total in tiles.total:
            # Silence has been paid for: what was counted in it is not counted again.
            paid = bool(self._silent) and self._silent[-1]
            known = math.nan if paid else total
            self.usual.append(day.mean_with(known))
            cost = self._cost()
            self._silent.append(math.isnan(known) and not math.isnan(cost))
            self._costs.append(cost if self._silent[-1] else 0.0)

    def _cost(self) -> float:
        usual = self.usual[-1]
        if not math.isnan(usual) or self._instead is None:
            return usual
        before = [one for one in self._costs[-_LATELY:] if one]
        return before[-1] if before else self._instead[len(self._costs)]

    def of(self, part: Tally) -> Settled:
        """*part*, in its own steps."""
        each = TILE // part.steps.width
        silent = array("d", [cost / each for cost in self._costs for _ in range(each)])
        hidden = [one for one in self._silent for _ in range(each)]
        total, bad = (
            array("d", [math.nan if hide else one for one, hide in zip(line, hidden, strict=True)])
            for line in (part.total, part.bad)
        )
        return Settled(tally=replace(part, total=total, bad=bad), silent=silent)


def _together(group: Group, parts: Sequence[Settled]) -> Settled:
    tallies = [one.tally for one in parts]
    total, bad, silent = (
        array("d", [_sum(row) for row in zip(*lines, strict=True)])
        for lines in (
            [one.total for one in tallies],
            [one.bad for one in tallies],
            [one.silent for one in parts],
        )
    )
    steps = tallies[0].steps
    return Settled(tally=Tally(group=group, steps=steps, total=total, bad=bad), silent=silent)


def _sum(row: Sequence[float]) -> float:
    known = [one for one in row if not math.isnan(one)]
    return math.fsum(known) if known else math.nan
