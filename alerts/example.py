"""What a policy's series look like when all is well and when it is not: what its tests are made from."""

from dataclasses import dataclass

from catalog.metric import Kind, Metric, Unit
from catalog.metrics import allocation
from catalog.promql import functions as q
from catalog.promql.expr import Select


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One series, in three GPUs or nodes: one in trouble, one just short of it, one that is well.

    Numbers are values of a gauge, increments of a counter in a minute, and ages in seconds of a time.

    Attributes:
        series: with each label by its value.
        bad, short, good: what it is in each of the three.
        grows: a gauge whose increments in a minute these are.
        kept: it is so from the beginning, and not only in trouble.
    """

    series: Select
    bad: float
    short: float
    good: float = 0.0
    grows: bool = False
    kept: bool = False

    @property
    def metric(self) -> Metric:
        """The family."""
        return self.series.metric

    @property
    def counted(self) -> bool:
        """Whether it adds up."""
        return self.grows or self.metric.kind is Kind.COUNTER

    @property
    def dated(self) -> bool:
        """Whether it is a time."""
        return self.metric.unit is Unit.SECONDS and "_timestamp_" in self.metric.name


def steady(series: Select, value: float) -> Given:
    """A series that is the same in all three."""
    return Given(series=series, bad=value, short=value, good=value, kept=True)


def held(namespace: str = "ml") -> Given:
    """Somebody has the GPU."""
    return steady(q.select(allocation.INFO, namespace=namespace), 1)


def flag(series: Select) -> tuple[Given, ...]:
    """A series that is 1 in trouble and 0 otherwise."""
    return (Given(series=series, bad=1, short=0),)
