"""How much of a window its exclusions leave out, by the tiles that the rules leave out."""

from collections.abc import Iterator
from dataclasses import dataclass

from slo.exclusion import Exclusion
from slo.objective import TILE, Objective

_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one exclusion leaves out of the window that ends, or goes on, now."""

    exclusion: Exclusion
    seconds: int


def shares(objective: Objective, now: float) -> Iterator[Share]:
    """Each exclusion of *objective*, though others may leave out the same."""
    begin = now - objective.days * _DAY
    if objective.calendar:
        window = objective.calendar.window(now)
        begin = window[0] if window else now
    tiles = range(int(begin) + TILE, int(now) + 1, TILE)
    for one in objective.exclusions:
        yield Share(
            exclusion=one, seconds=TILE * sum(one.when.overlaps(end, TILE) for end in tiles)
        )
