"""Who holds a GPU or a part of it, as its newest snapshot says."""

from dataclasses import dataclass, fields

from catalog.metrics import allocation
from catalog.snapshot import GpuView, Layout, Series, Tier

Pairs = tuple[tuple[str, str], ...]
"""Labels: names and values."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Holder:
    """A container, a batch job, or what is known of either; an empty text is not known."""

    namespace: str = ""
    pod: str = ""
    container: str = ""
    hpc_job: str = ""

    def values(self) -> tuple[str, ...]:
        """In the order of `catalog.metrics.allocation.HOLDER`."""
        return self.namespace, self.pod, self.container, self.hpc_job


if tuple(field.name for field in fields(Holder)) != allocation.HOLDER:
    raise TypeError("a holder's fields are not the labels of the catalogue")


def of(view: GpuView) -> tuple[Holder, ...]:
    """Who holds any part of this GPU."""
    reading = view.readings.get(Tier.ALLOCATED)
    return () if reading is None else _whole(reading.layout)


def labels(layout: Layout, series: Series) -> Pairs:
    """What the setting `attribution: labels` adds to *series* of the GPU whose holders *layout* names.

    Only what all holders agree on: a series of a shared GPU belongs to no single one of them, and there is one of it. What
    they do not, or nobody to ask, is empty rather than absent: with `honor_labels` Prometheus then leaves it out, where it
    would else put the exporter's own pod.
    """
    metric, own = series
    if metric in allocation.FAMILIES:
        return ()
    if metric.labels[: len(allocation.INSTANCE)] == allocation.INSTANCE:
        holders = _instance(layout, own[: len(allocation.INSTANCE)])
    else:
        holders = _whole(layout)
    values = zip(*(holder.values() for holder in holders), strict=True) if holders else _NOTHING
    return tuple(
        (name, each[0] if len(set(each)) == 1 else "")
        for name, each in zip(allocation.HOLDER, values, strict=True)
    )


_NOTHING = (("",),) * len(allocation.HOLDER)


def _whole(layout: Layout) -> tuple[Holder, ...]:
    return tuple(_holder(own) for metric, own in layout.series if metric is allocation.INFO)


def _instance(layout: Layout, instance: tuple[str, ...]) -> tuple[Holder, ...]:
    return tuple(
        _holder(own[len(instance) :])
        for metric, own in layout.series
        if metric is allocation.MIG_INFO and own[: len(instance)] == instance
    )


def _holder(own: tuple[str, ...]) -> Holder:
    return Holder(**dict(zip(allocation.HOLDER, own, strict=True)))
