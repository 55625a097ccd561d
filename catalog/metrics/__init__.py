"""Every metric family, one module per subject; `ALL` is the order in which they are exported and documented."""

from catalog.errors import CatalogError
from catalog.metric import Metric
from catalog.metrics import (
    alerting,
    allocation,
    availability,
    clocks,
    ecc,
    events,
    exporter,
    memory,
    mig,
    modes,
    nvlink,
    pcie,
    power,
    probes,
    processes,
    profiling,
    state,
    temperature,
    utilization,
)

SUBJECTS = (
    state,
    availability,
    utilization,
    memory,
    power,
    temperature,
    clocks,
    ecc,
    events,
    pcie,
    nvlink,
    profiling,
    probes,
    processes,
    modes,
    mig,
    allocation,
    exporter,
    alerting,
)
ALL: tuple[Metric, ...] = tuple(metric for subject in SUBJECTS for metric in subject.FAMILIES)
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in ALL}
INTEGRALS: dict[Metric, Metric] = {
    metric.integrates: metric for metric in ALL if metric.integrates
}

if len(BY_NAME) != len(ALL):
    raise CatalogError("two metrics share a name")


def named(name: str) -> Metric:
    """The metric called *name*.

    Raises:
        CatalogError: there is none.
    """
    try:
        return BY_NAME[name]
    except KeyError:
        raise CatalogError(f"there is no metric {name!r}") from None
