"""Collectors: each turns what one GPU says into samples. `COLLECTORS` is the table of contents."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from catalog.metric import Sample
from catalog.snapshot import Tier
from probes.collectors import (
    clocks,
    ecc,
    identity,
    memory,
    mig,
    modes,
    nvlink,
    pcie,
    power,
    processes,
    profiling,
    temperature,
    utilization,
)
from probes.gpu import Gpu


@dataclass(frozen=True, slots=True)
class Collector:
    """A part of a reading that is timed, counted and switched on or off together.

    Attributes:
        default: whether it runs unless the operator says otherwise.
    """

    name: str
    tier: Tier
    read: Callable[[Gpu], Iterator[Sample]]
    default: bool = True


COLLECTORS = (
    Collector("utilization", Tier.FAST, utilization.read),
    Collector("memory", Tier.FAST, memory.read),
    Collector("power", Tier.FAST, power.read),
    Collector("clocks", Tier.FAST, clocks.read),
    Collector("processes", Tier.FAST, processes.read),
    Collector("process_memory", Tier.MEDIUM, processes.read_memory, default=False),
    Collector("temperature", Tier.MEDIUM, temperature.read),
    Collector("energy", Tier.MEDIUM, power.read_energy),
    Collector("clock_events", Tier.MEDIUM, clocks.read_event_seconds),
    Collector("nvlink", Tier.MEDIUM, nvlink.read),
    Collector("nvlink_per_link", Tier.MEDIUM, nvlink.read_links, default=False),
    Collector("profiling", Tier.MEDIUM, profiling.read),
    Collector("ecc", Tier.SLOW, ecc.read),
    Collector("repairs", Tier.SLOW, ecc.read_repairs),
    Collector("pcie", Tier.SLOW, pcie.read),
    Collector("power_limits", Tier.SLOW, power.read_limits),
    Collector("bar1", Tier.SLOW, memory.read_bar1),
    Collector("modes", Tier.SLOW, modes.read),
    Collector("mps", Tier.SLOW, processes.read_mps),
    Collector("mig", Tier.SLOW, mig.read),
    Collector("identity", Tier.ONCE, identity.read),
    Collector("max_clocks", Tier.ONCE, clocks.read_max),
    Collector("thresholds", Tier.ONCE, temperature.read_thresholds),
)
DEFAULT = frozenset(collector.name for collector in COLLECTORS if collector.default)
"""The names of those that run unless the operator says otherwise."""


def by_tier(names: Collection[str] = DEFAULT) -> Mapping[Tier, tuple[Collector, ...]]:
    """Those called *names*, by the tier that they are read in; a tier without any is there too."""
    tiers = dict.fromkeys((Tier.FAST, Tier.MEDIUM, Tier.SLOW, Tier.ONCE), tuple[Collector, ...]())
    for collector in COLLECTORS:
        if collector.name in names:
            tiers[collector.tier] += (collector,)
    return tiers
