"""A node's GPUs for these tests: identities, device minors and MIG instances, without a driver."""

from collections.abc import Mapping, Sequence

from catalog.metrics import mig, state
from catalog.snapshot import GpuView, Identity, Layout, Reading, Series, Snapshot, Tier

ZERO = "GPU-00000000-aaaa-bbbb-cccc-000000000000"
ONE = "GPU-00000000-aaaa-bbbb-cccc-000000000001"
SMALL = "MIG-00000000-aaaa-bbbb-cccc-000000000011"
BIG = "MIG-00000000-aaaa-bbbb-cccc-000000000012"
INSTANCES = (("7", "0", "1g.10gb", SMALL), ("1", "0", "3g.40gb", BIG))
"""Of a GPU that is cut in two: GPU instance, compute instance, profile, UUID."""


def snapshot(
    mig_of: Mapping[str, Sequence[tuple[str, str, str, str]]] | None = None,
    minors: Mapping[str, str] | None = None,
) -> Snapshot:
    """Two GPUs."""
    found = Snapshot(driver_up=True)
    for index, uuid in enumerate((ZERO, ONE)):
        identity = Identity(uuid=uuid, index=index, model="", pci_bus_id="")
        told = {"minor": (minors or {}).get(uuid, str(index))}
        info = tuple(told.get(name, "") for name in state.INFO.labels)
        view = GpuView(identity=identity, state="ok").with_reading(
            Tier.ONCE, reading((state.INFO, info))
        )
        instances = (mig_of or {}).get(uuid, ())
        series = [(mig.INSTANCE_INFO, own) for own in instances]
        found = found.with_gpu(view.with_reading(Tier.SLOW, reading(*series)))
    return found


def reading(*series: Series, at: float = 1.0, value: float = 1.0) -> Reading:
    """Series that all have one value."""
    return Reading(at=at, layout=Layout(series), values=(value,) * len(series))
