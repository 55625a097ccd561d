"""Shows who holds which GPU: as readings of the hub, rebuilt only when something changed."""

from catalog.metrics import allocation
from catalog.snapshot import GpuView, Layout, Reading, Series, Tier
from exporter.attribution.decision import Allocation
from exporter.hub import Hub


class Publishing:
    """Puts allocations into the snapshot; of a GPU that nobody holds that nobody does."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def show(self, uuid: str, found: Allocation, at: float) -> None:
        """Show what is *found* of a GPU, if that is news."""
        view = self._hub.latest.gpus.get(uuid)
        series = tuple(_series(found))
        if view is not None and series != _shown(view):
            layout = Layout(series)
            reading = Reading(at=at, layout=layout, values=(1.0,) * len(series))
            self._hub.reading(uuid, Tier.ALLOCATED, reading)


def _shown(view: GpuView) -> tuple[Series, ...] | None:
    reading = view.readings.get(Tier.ALLOCATED)
    return None if reading is None else reading.layout.series


def _series(found: Allocation) -> list[Series]:
    """One per holder, and one per holder of an instance, always in the same order."""
    whole = {holder.values() for _, holder in found.holders}
    parts = {
        (*instance.labels(), *holder.values()) for instance, holder in found.holders if instance
    }
    return [
        *((allocation.INFO, labels) for labels in sorted(whole)),
        *((allocation.MIG_INFO, labels) for labels in sorted(parts)),
    ]
