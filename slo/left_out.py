"""How much of a window its exclusions leave out, by the tiles that the rules leave out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from slo.exclusion import Dates, Exclusion, Schedule
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
    for one in objective.exclusions:
        yield Share(exclusion=one, seconds=_seconds(one.when, int(begin), int(now)))


@cache  # many objectives share a file, and a month has thousands of tiles
def _seconds(when: Dates | Schedule, begin: int, now: int) -> int:
    tiles = range(begin + TILE, now + 1, TILE)
    return TILE * sum(when.overlaps(end, TILE) for end in tiles)
