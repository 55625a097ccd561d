"""A past that is made: steady traffic, of which a share is bad, so that what must be said of it is known."""

from array import array
from collections.abc import Sequence

from catalog.promql.expr import Foreign
from history.counted import Asked, Found, Gains
from slo.indicator import Ratio
from slo.objective import Objective

MINUTE = 60
RATE = 6000
"""Events a minute."""
OBJECTIVE = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign("errors_total")),
    target=0.999,
    by=("cluster",),
)
Bad = tuple[float, float, float]
"""From when to when some of the traffic was bad, in seconds since 1970, and which share of it."""


class Made:
    """A history of steady traffic.

    Args:
        bad: by group, when it was not good.
    """

    def __init__(self, **bad: Sequence[Bad]) -> None:
        self._bad = bad

    def until(self, at: float) -> float:
        return at

    def count(self, asked: Sequence[Asked]) -> Sequence[Found]:
        return [
            {(cluster,): self.minutes(one, bad) for cluster, bad in self._bad.items()}
            for one in asked
        ]

    def minutes(self, asked: Asked, bad: Sequence[Bad]) -> "array[float]":
        assert isinstance(asked, Gains)
        assert asked.steps.width == MINUTE
        if asked.counter == Foreign("requests_total"):
            return array("d", [RATE]) * asked.steps.count
        found = array("d", [0.0]) * asked.steps.count
        for begin, end, share in bad:
            first, after = (
                min(max(round((at - asked.steps.start) / MINUTE), 0), asked.steps.count)
                for at in (begin, end)
            )
            found[first:after] = array("d", [RATE * share]) * (after - first)
        return found
