"""The columns of the table of GPUs, and the tiles of one GPU: facts."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog.metrics import memory, power, temperature, utilization
from catalog.snapshot import Series, Snapshot
from exporter.page import condition, holder, vitals
from exporter.page.markup import Child
from exporter.page.vitals import Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A sparkline: which series, between which values.

    Attributes:
        top: the series of the highest value, where the GPU has one.
    """

    series: Series
    low: float
    high: float
    top: Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the table."""

    key: str
    title: str
    draw: Callable[[Vitals], Child]
    trend: Trend | None = None


COLUMNS = (
    Column(key="state", title="State", draw=condition.state),
    Column(
        key="busy",
        title="Utilisation",
        draw=vitals.busy,
        trend=Trend(series=(utilization.UTILIZATION, ()), low=0, high=1),
    ),
    Column(key="sm", title="SM active", draw=vitals.sm_active),
    Column(
        key="memory",
        title="Memory",
        draw=vitals.memory_used,
        trend=Trend(series=(memory.USED, ()), low=0, high=2**37, top=(memory.TOTAL, ())),
    ),
    Column(
        key="power",
        title="Power",
        draw=vitals.watts,
        trend=Trend(series=(power.NOW, ()), low=0, high=700, top=(power.LIMIT, ("enforced",))),
    ),
    Column(
        key="heat",
        title="Temperature",
        draw=vitals.heat,
        trend=Trend(series=(temperature.TEMPERATURE, ("gpu",)), low=20, high=95),
    ),
    Column(key="clock", title="SM clock", draw=vitals.sm_clock),
    Column(key="throttling", title="Clocks held by", draw=vitals.throttling),
    Column(key="ecc", title="ECC errors", draw=vitals.errors),
    Column(key="remap", title="Row remap", draw=vitals.remap),
    Column(key="holder", title="Used by", draw=holder.draw),
)


def columns(snapshot: Snapshot) -> tuple[Column, ...]:
    """Those that have something to say: where nobody knows who uses a GPU, no column is full of dashes."""
    known = holder.known(snapshot)
    return tuple(column for column in COLUMNS if known or column.key != "holder")
