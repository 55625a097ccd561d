"""What a metric is. The metrics themselves are listed in `catalog.metrics`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from catalog.errors import CatalogError

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_RESERVED_LABELS = frozenset({"gpu", "uuid", "job", "instance", "le", "quantile"})


class Kind(StrEnum):
    """The Prometheus type of a family."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Unit(StrEnum):
    """Base units only; the value is the suffix of the metric's name."""

    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes_per_second"
    CELSIUS = "celsius"
    HERTZ = "hertz"
    JOULES = "joules"
    RATIO = "ratio"
    SECONDS = "seconds"
    WATTS = "watts"
    NONE = ""


class Scope(StrEnum):
    """What one series of a family describes, hence which labels are added to its own."""

    GPU = "gpu"  # `uuid` and `gpu` are added when it is rendered
    MIG = "mig"  # the same, and the family's own labels name the instance
    NODE = "node"  # about the machine that the GPUs are in: nothing is added
    EXPORTER = "exporter"  # about the exporter itself: nothing is added


# Wide enough for any hardware that exists, narrow enough that NVML's blanks and unit mistakes fall outside.
_PLAUSIBLE: dict[Unit, tuple[float, float]] = {
    Unit.BYTES: (0, 2**60),
    Unit.BYTES_PER_SECOND: (0, 1e14),
    Unit.CELSIUS: (-60, 200),
    Unit.HERTZ: (0, 20e9),
    Unit.JOULES: (0, 1e14),
    Unit.RATIO: (0, 1),
    Unit.SECONDS: (0, 1e11),
    Unit.WATTS: (0, 20_000),
    Unit.NONE: (0, 1e15),
}
# A 0/1 gauge without a unit integrates to seconds as a ratio does.
_INTEGRAL = {
    Unit.RATIO: Unit.SECONDS,
    Unit.NONE: Unit.SECONDS,
    Unit.BYTES_PER_SECOND: Unit.BYTES,
    Unit.WATTS: Unit.JOULES,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """One exported metric family.

    Attributes:
        name: the exported name, base unit and `_total` included.
        source: the NVML call or field that it is read from, or `gpuvitals` when we count it.
        labels: the family's own labels; `uuid` and `gpu` come with the scope.
        scope: what one series describes. Series of the node lie in `Snapshot.node`, and under no UUID in history and totals.
        plausible: values outside this closed range are rejected and counted, never exported.
        history: whether the embedded history keeps it.
        integrates: the ratio or rate whose integral over time this counter is.
        buckets: the upper bounds of a GPU's histogram, ascending, without the infinite one.

    Raises:
        CatalogError: the name does not follow the naming rules, or a part contradicts another.
    """

    name: str
    kind: Kind
    help: str
    source: str
    unit: Unit = Unit.NONE
    labels: tuple[str, ...] = ()
    scope: Scope = Scope.GPU
    plausible: tuple[float, float] = (0, 0)
    history: bool = False
    integrates: "Metric | None" = None
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise CatalogError(f"{self.name!r} is not a metric name")
        suffix = "_total" if self.kind is Kind.COUNTER else ""
        suffix = f"_{self.unit}{suffix}" if self.unit else suffix
        if not self.name.endswith(suffix):
            raise CatalogError(f"{self.name} must end in {suffix}")
        if self.kind is not Kind.COUNTER and self.name.endswith("_total"):
            raise CatalogError(f"{self.name} is a {self.kind} and must not end in _total")
        if self.buckets and self.kind is not Kind.HISTOGRAM:
            raise CatalogError(f"{self.name} is a {self.kind} and has no buckets")
        self._check_parts()
        if self.plausible == (0, 0):
            object.__setattr__(self, "plausible", _PLAUSIBLE[self.unit])

    def _check_parts(self) -> None:
        if not self.help.endswith("."):
            raise CatalogError(f"the help of {self.name} must be a sentence: {self.help!r}")
        if reserved := _RESERVED_LABELS.intersection(self.labels):
            raise CatalogError(f"{self.name} must not own the label {min(reserved)}")
        if self.integrates and self.unit is not _INTEGRAL[self.integrates.unit]:
            raise CatalogError(
                f"{self.name} has not the unit of an integral of {self.integrates.name}"
            )

    @property
    def all_labels(self) -> tuple[str, ...]:
        """Every label of its series as they are exported."""
        ours = ("uuid", "gpu") if self.scope in (Scope.GPU, Scope.MIG) else ()
        return (*ours, *self.labels)

    @property
    def series_labels(self) -> tuple[str, ...]:
        """What names one series: a histogram of a GPU is one for each of its parts (`catalog.histogram`)."""
        return (*self.labels, "part") if self.buckets else self.labels

    def reading(self, value: float | None, **labels: str) -> Iterator["Sample"]:
        """The sample for *value*, or nothing if the GPU cannot tell."""
        if labels.keys() != set(self.labels):
            raise CatalogError(f"{self.name} takes {self.labels}, got {tuple(labels)}")
        if value is not None:
            yield Sample(self, float(value), tuple(labels[name] for name in self.labels))

    def states(self, active: str | None, states: tuple[str, ...]) -> Iterator["Sample"]:
        """One 0/1 sample per state, as text format has no state sets; nothing if *active* is unknown."""
        if active is not None:
            for state in states:
                yield Sample(self, float(state == active), (state,))

    def accepts(self, value: float) -> bool:
        """Whether *value* lies in the plausible range; a NaN never does."""
        low, high = self.plausible
        return low <= value <= high


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series; `labels` are in the order of the metric's own labels."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()
