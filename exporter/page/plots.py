"""Which charts the page has: facts. `exporter.page.chart` draws them."""

from dataclasses import dataclass

from catalog.metric import Kind, Metric, Unit
from catalog.metrics import (
    clocks,
    ecc,
    memory,
    nvlink,
    pcie,
    power,
    profiling,
    temperature,
    utilization,
)
from catalog.snapshot import Series
from exporter.page import words


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of a chart.

    Attributes:
        metric: what the history is asked for; a counter is shown per second.
        labels: the values of the metric's own labels.
        band: whether the lowest and highest value of each step are drawn around the mean.
    """

    name: str
    metric: Metric
    labels: tuple[str, ...] = ()
    band: bool = False

    @property
    def recent(self) -> Series:
        """What is kept in memory: an integral of ours has steps, what it integrates has none."""
        return self.metric.integrates or self.metric, self.labels

    @property
    def counted(self) -> bool:
        return self.metric.kind is Kind.COUNTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One chart.

    Attributes:
        unit: of a value as it is drawn, so of a counter's increase per second.
        per_step: a counter is drawn as its increase per step, not per second.
        limit: a series of the GPU drawn as a line that must not be crossed, and its name.
        floor: the lowest value of the axis; None lets the values decide.
        averaged: seconds over which values from memory are averaged: flags that flicker say little one by one.
        ceiling: a value that the axis always reaches.
    """

    key: str
    title: str
    unit: Unit
    traces: tuple[Trace, ...]
    per_step: bool = False
    averaged: float = 0.0
    limit: tuple[str, Series] | None = None
    floor: float | None = 0.0
    ceiling: float | None = None


PLOTS = (
    Plot(
        key="utilisation",
        title="Utilisation",
        unit=Unit.RATIO,
        ceiling=1.0,
        traces=(
            Trace("Any work", utilization.UTILIZATION, band=True),
            Trace("SM active", profiling.SM_ACTIVE),
            Trace("Tensor active", profiling.TENSOR_ACTIVE),
            Trace("DRAM active", profiling.DRAM_ACTIVE),
        ),
    ),
    Plot(
        key="memory",
        title="Memory used",
        unit=Unit.BYTES,
        limit=("Installed", (memory.TOTAL, ())),
        traces=(Trace("Used", memory.USED, band=True),),
    ),
    Plot(
        key="power",
        title="Power",
        unit=Unit.WATTS,
        limit=("Limit", (power.LIMIT, ("enforced",))),
        traces=(Trace("Power", power.NOW, band=True),),
    ),
    Plot(
        key="temperature",
        title="Temperature",
        unit=Unit.CELSIUS,
        floor=None,
        traces=(
            Trace("GPU", temperature.TEMPERATURE, ("gpu",), band=True),
            Trace("Memory", temperature.TEMPERATURE, ("memory",)),
        ),
    ),
    Plot(
        key="clocks",
        title="Clocks",
        unit=Unit.HERTZ,
        traces=(
            Trace("SM", clocks.CLOCK, ("sm",), band=True),
            Trace("Memory", clocks.CLOCK, ("memory",)),
        ),
    ),
    Plot(
        key="throttling",
        title="Clocks held down, share of time",
        unit=Unit.RATIO,
        averaged=15.0,
        ceiling=1.0,
        traces=tuple(
            Trace(words.REASONS[reason].capitalize(), clocks.EVENT_SECONDS, (reason,))
            for reason in clocks.REASONS
            if reason == "sw_power_cap" or reason not in words.BENIGN
        ),
    ),
    Plot(
        key="pcie",
        title="PCIe throughput",
        unit=Unit.BYTES_PER_SECOND,
        traces=(
            Trace("Into the GPU", pcie.RECEIVE),
            Trace("Out of the GPU", pcie.TRANSMIT),
        ),
    ),
    Plot(
        key="nvlink",
        title="NVLink throughput",
        unit=Unit.BYTES_PER_SECOND,
        traces=(
            Trace("Received", nvlink.RECEIVE),
            Trace("Sent", nvlink.TRANSMIT),
        ),
    ),
    Plot(
        key="ecc",
        title="ECC errors",
        unit=Unit.NONE,
        per_step=True,
        ceiling=1.0,
        traces=tuple(
            Trace(f"{kind.capitalize()} {location.upper()}", ecc.ERRORS, (kind, location))
            for kind in ecc.TYPES
            for location in ecc.LOCATIONS
        ),
    ),
)
RECENT = tuple({trace.recent: None for plot in PLOTS for trace in plot.traces})
"""The series whose last 15 minutes are kept in memory: a closed set, so that the memory is bounded."""
