"""The numbers of a result that a verdict is about, each with its floor and what other GPUs of the node gave."""

from collections.abc import Iterator, Mapping
from statistics import median

from catalog.probe import ProbeClass, Result
from catalog.snapshot import GpuView
from probes.active.floors import floor
from probes.active.record import Record
from probes.active.task import Task
from probes.active.verdict import LAUNCH, Quantity, launches

FRESH = {ProbeClass.A: 3600.0, ProbeClass.B: 86_400.0}
"""Seconds after which a verdict is too old, and no longer one to compare with."""


def quantities(
    task: Task, result: Result, view: GpuView, peers: Mapping[str, Record], now: float
) -> tuple[Quantity, ...]:
    """What *result* measured.

    Args:
        task: what ran.
        result: its result.
        view: the GPU.
        peers: the records of the same task on the other GPUs of this model, by UUID.
        now: seconds since 1970.
    """
    fresh = [record for record in peers.values() if now - record.ran_at < FRESH[task.probe_class]]
    return tuple(_all(result, view, fresh))


def _all(result: Result, view: GpuView, peers: list[Record]) -> Iterator[Quantity]:
    for measured in result.measurements:
        yield Quantity(
            name=measured.name,
            value=measured.bytes_per_second,
            peak=measured.peak,
            floor=floor(result.probe, measured, result.context, view),
            peers=_values(measured.name, peers),
        )
    delays = launches(result)
    if delays:
        yield Quantity(
            name=LAUNCH,
            value=median(delays),
            peers=_values(LAUNCH, peers),
            higher_is_better=False,
        )


def _values(name: str, peers: list[Record]) -> tuple[float, ...]:
    return tuple(
        record.seen[name].value
        for record in peers
        if name in record.seen and record.seen[name].compared
    )
