"""Which tiles of a past do not count, and what corrections add to it: as the rules of `slo.leaving_out` and `slo.afterwards` do."""

from collections.abc import Sequence

from catalog.promql.expr import Recorded
from catalog.promql.selector import selected
from history.counted import Group, Steps
from slo import names
from slo.exclusion import Correction, Exclusion
from slo.objective import Objective


def about(objective: Objective, group: Group) -> tuple[Exclusion, ...]:
    """The exclusions that are about *group*."""
    labels = dict(zip(objective.by, group, strict=True))
    return tuple(
        one
        for one in objective.exclusions
        if selected(Recorded(names.TOTAL_TILE, one.where)).accepts(labels)
    )


def left_out(exclusions: Sequence[Exclusion], tiles: Steps) -> list[bool]:
    """Whether each of the *tiles* overlaps any of the *exclusions*."""
    return [
        any(one.when.overlaps(tiles.ended(number), tiles.width) for one in exclusions)
        if exclusions
        else False
        for number in range(tiles.count)
    ]


def corrections(
    objective: Objective, group: Group, after: float, until: float
) -> tuple[Correction, ...]:
    """Those of *group* that belong to the time *after* the one and up to the other."""
    return tuple(
        one for one in objective.corrections if one.group == group and after < one.at <= until
    )
