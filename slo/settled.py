"""Tallies as they count: without excluded time, with what silence costs, by parts where parts are missed one by one.

The same as the rules of `slo.leaving_out` and `slo.silence` make of tiles.
"""

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from history.counted import Group
from slo.excluded import about, left_out
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
        tally: what counts.
        excluded: what was measured and does not count.
        silent: events of each step that silence costs, all of them bad.
    """

    tally: Tally
    excluded: Tally
    silent: "array[float]"


def listed(objective: Objective, group: Group) -> bool:
    """Whether *group*, or a part of it, must be there though nobody sees it."""
    return any(member[: len(group)] == group for member in objective.members)


def seen(tally: Tally) -> Sums:
    """Of how many steps anything is known that counts."""
    return Sums(0.0 if math.isnan(one) else 1.0 for one in tally.total)


def measured(group: Settled) -> Sums:
    """Of how many steps anything is known, whether it counts or not."""
    pairs = zip(group.tally.total, group.excluded.total, strict=True)
    return Sums(0.0 if all(map(math.isnan, pair)) else 1.0 for pair in pairs)


def settled(objective: Objective, parts: Sequence[Tally]) -> tuple[Settled, ...]:
    """The groups that *parts* make up."""
    found: dict[Group, list[Settled]] = {}
    for one in _charged(objective, parts):
        found.setdefault(one.tally.group[: len(objective.by)], []).append(one)
    return tuple(_together(group, ones) for group, ones in found.items())


def _charged(objective: Objective, parts: Sequence[Tally]) -> Iterator[Settled]:
    tiled = [coarser(one, TILE) for one in parts]
    groups = dict.fromkeys(one.group[: len(objective.by)] for one in parts)
    out = {group: left_out(about(objective, group), tiled[0].steps) for group in groups}
    hidden = [out[one.group[: len(objective.by)]] for one in parts]
    if objective.silent_budget is SilentBudget.EXCLUDE:
        yield from (
            _counted(part, hide, array("d", [0.0]) * len(hide), [False] * len(hide))
            for part, hide in zip(parts, hidden, strict=True)
        )
        return
    alone = [_Charge(tiles, hide) for tiles, hide in zip(tiled, hidden, strict=True)]
    usual = _mean([charge.usual for charge in alone])
    if isinstance(objective.indicator, Slices):  # time passes for what nobody ever saw, too
        usual = array("d", [TILE / objective.indicator.every]) * len(usual)
    for part, tiles, hide, charge in zip(parts, tiled, hidden, alone, strict=True):
        is_listed = part.group in objective.members
        found = _Charge(tiles, hide, usual) if is_listed else charge
        yield _counted(part, hide, found.costs, found.silent)


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
        hidden: which tiles are excluded: then it is not missed.
        instead: what stands for its usual events before it was seen; nothing does for what is not listed.

    Attributes:
        usual: its events in a tile of an average day.
        costs: of each tile.
        silent: whether each tile had to be paid for.
    """

    def __init__(
        self, tiles: Tally, hidden: Sequence[bool], instead: "array[float] | None" = None
    ) -> None:
        self._instead = instead
        self.costs, self.usual = array("d"), array("d")
        self.silent: list[bool] = []
        day, paid = _Day(), False
        for total, hide in zip(tiles.total, hidden, strict=True):
            # Silence has been paid for: the tile that ends it would count once more what happened meanwhile.
            known = math.nan if paid or hide else total
            self.usual.append(day.mean_with(known))
            cost = self._cost()
            self.silent.append(not hide and math.isnan(known) and not math.isnan(cost))
            self.costs.append(cost if self.silent[-1] else 0.0)
            paid = self.silent[-1] and math.isnan(total)

    def _cost(self) -> float:
        usual = self.usual[-1]
        if not math.isnan(usual) or self._instead is None:
            return usual
        before = [one for one in self.costs[-_LATELY:] if one]
        return before[-1] if before else self._instead[len(self.costs)]


def _counted(
    part: Tally, hidden: Sequence[bool], costs: "array[float]", silent: Sequence[bool]
) -> Settled:
    """*part* in its own steps, where each tile that is *hidden* or *silent* does not count."""
    each = TILE // part.steps.width
    out = [one for one in hidden for _ in range(each)]
    paid = [one for one in silent for _ in range(each)]
    return Settled(
        tally=_only(part, [not (hide or pay) for hide, pay in zip(out, paid, strict=True)]),
        excluded=_only(part, out),
        silent=array("d", [cost / each for cost in costs for _ in range(each)]),
    )


def _only(tally: Tally, chosen: Sequence[bool]) -> Tally:
    total, bad = (
        array("d", [one if keep else math.nan for one, keep in zip(line, chosen, strict=True)])
        for line in (tally.total, tally.bad)
    )
    return replace(tally, total=total, bad=bad)


def _together(group: Group, parts: Sequence[Settled]) -> Settled:
    return Settled(
        tally=_summed(group, [one.tally for one in parts]),
        excluded=_summed(group, [one.excluded for one in parts]),
        silent=array("d", map(math.fsum, zip(*(one.silent for one in parts), strict=True))),
    )


def _summed(group: Group, parts: Sequence[Tally]) -> Tally:
    total, bad = (
        array("d", [_sum(row) for row in zip(*lines, strict=True)])
        for lines in ([one.total for one in parts], [one.bad for one in parts])
    )
    return Tally(group=group, steps=parts[0].steps, total=total, bad=bad)


def _sum(row: Sequence[float]) -> float:
    if len(row) == 1:
        return row[0]
    known = [one for one in row if not math.isnan(one)]
    return math.fsum(known) if known else math.nan
