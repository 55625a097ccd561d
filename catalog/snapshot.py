"""What is known of a node's GPUs at one moment: the frozen value that everything downstream reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from catalog.finding import Finding
from catalog.metric import Metric, Sample


class Tier(StrEnum):
    """How often a reading is made."""

    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"
    ONCE = "once"
    DERIVED = "derived"  # not read: what the exporter itself integrates
    COUNTED = "counted"  # not read: events, as the exporter counted them
    PROBED = "probed"  # not read: what the active probes found last
    PROBE_TOTALS = "probe_totals"  # not read: what they count
    ALLOCATED = "allocated"  # not read: who holds the GPU, as others say


_OURS = (Tier.DERIVED, Tier.COUNTED, Tier.PROBED, Tier.PROBE_TOTALS, Tier.ALLOCATED)
_ALWAYS = (Tier.DERIVED, Tier.COUNTED, Tier.PROBE_TOTALS, Tier.ALLOCATED, Tier.ONCE)
"""What is shown of a GPU that does not answer: what we count, what it is and whose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which GPU this is. Join on `uuid`: `index` shifts when a GPU is lost.

    Attributes:
        index: the driver's index now; the `gpu` label.
        node: the name of the machine it sits in, as the operator gave it.
        memory_bytes: device memory installed, None if the GPU cannot tell.
    """

    uuid: str
    index: int
    model: str
    pci_bus_id: str
    node: str = ""
    memory_bytes: float | None = None


def unnamed(index: int) -> str:
    """What stands for the UUID of a GPU that has not told it."""
    return f"unknown-{index}"


Series = tuple[Metric, tuple[str, ...]]
"""A metric and the values of its `series_labels`: one series of one GPU."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The series of one tier of one GPU; the same object as long as they stay the same."""

    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """One observation of a bucket, and the trace that tells more of it.

    Attributes:
        at: seconds since 1970.
    """

    trace_id: str
    value: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One tier of one GPU as it was read.

    Attributes:
        at: when the reading began, seconds since 1970.
        values: one per series of `layout`, in its order.
        exemplars: by the place of a histogram's bucket in `layout`; OpenMetrics shows them.
    """

    at: float
    layout: Layout
    values: tuple[float, ...]
    exemplars: Mapping[int, Exemplar] = field(default_factory=lambda: MappingProxyType({}))

    def samples(self) -> Iterator[Sample]:
        for (metric, labels), value in zip(self.layout.series, self.values, strict=True):
            yield Sample(metric, value, labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuView:
    """One GPU: who it is, its state and why, what is wrong with it, the newest reading of each tier, the processes on it."""

    identity: Identity
    state: str = "unknown"
    reason: str = "not_read_yet"
    findings: tuple[Finding, ...] = ()
    last_read: float = 0.0
    readings: Mapping[Tier, Reading] = field(default_factory=lambda: MappingProxyType({}))
    pids: tuple[int, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the GPU answers."""
        return self.state not in ("hung", "lost", "unknown")

    def current(self) -> Iterator[Reading]:
        """The readings that may be shown: of a GPU that does not answer only what we count, since stale gauges lie."""
        for tier, reading in self.readings.items():
            if self.readable or tier in _ALWAYS:
                yield reading

    def with_reading(self, tier: Tier, reading: Reading) -> "GpuView":
        readings = MappingProxyType({**self.readings, tier: reading})
        last_read = self.last_read if tier in _OURS else max(self.last_read, reading.at)
        return replace(self, readings=readings, last_read=last_read)

    def value(self, metric: Metric, *labels: str) -> float | None:
        """The newest value of one series, None if there is none."""
        return self.labelled(metric).get(labels)

    def labelled(self, metric: Metric) -> dict[tuple[str, ...], float]:
        """The newest values of a family by its labels."""
        return {
            labels: value
            for reading in self.current()
            for (candidate, labels), value in zip(
                reading.layout.series, reading.values, strict=True
            )
            if candidate is metric
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All GPUs of the node, by UUID in the order of their index.

    Attributes:
        version: counts up with every change, so that what is derived can be cached by it.
        driver_up: whether the driver is loaded and has devices.
        node: the newest readings about the node as a whole, by who gives them; each family has one giver.
    """

    version: int = 0
    driver_up: bool = False
    gpus: Mapping[str, GpuView] = field(default_factory=lambda: MappingProxyType({}))
    node: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))

    def with_gpu(self, view: GpuView) -> "Snapshot":
        gpus = {**self.gpus, view.identity.uuid: view}
        if view.identity.uuid not in self.gpus:
            gpus = dict(sorted(gpus.items(), key=lambda item: item[1].identity.index))
        return replace(self, version=self.version + 1, gpus=MappingProxyType(gpus))

    def with_node(self, giver: str, reading: Reading) -> "Snapshot":
        node = MappingProxyType({**self.node, giver: reading})
        return replace(self, version=self.version + 1, node=node)
