"""What one minute of one series comes down to: the unit in which history is kept."""

from dataclasses import dataclass
from typing import NamedTuple

from catalog.metric import Metric, Scope


def label_names(metric: Metric) -> tuple[str, ...]:
    """The labels of a series of *metric* in the history: `uuid` first, unless it is about the node."""
    return metric.labels if metric.scope is Scope.NODE else ("uuid", *metric.labels)


class Key(NamedTuple):
    """Which series: of which GPU (empty for the node), which metric, the values of its own labels."""

    uuid: str
    metric: Metric
    labels: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """All labels by name, in the order of `label_names`."""
        values = self.labels if self.metric.scope is Scope.NODE else (self.uuid, *self.labels)
        return dict(zip(label_names(self.metric), values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeMinute:
    """A gauge over one minute, taken as a step function: a value holds until the next reading.

    Attributes:
        at: start of the minute, seconds since 1970.
        low: the lowest value read or held.
        mean: weighted by the time that each value held.
        high: the highest value read or held.
        last: the value at the end of what is covered.
        covered: seconds of the minute in which the value was known, above 0.
    """

    at: int
    key: Key
    low: float
    mean: float
    high: float
    last: float
    covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterMinute:
    """A counter over one minute.

    Attributes:
        at: start of the minute, seconds since 1970.
        increase: from the last reading before the minute to the last one in it; a drop is a reset.
        last: the counter as it was last read.
    """

    at: int
    key: Key
    increase: float
    last: float


Minute = GaugeMinute | CounterMinute
