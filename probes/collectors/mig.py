"""MIG mode and instances."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import mig
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """MIG of one GPU."""
    current, pending = gpu.mig_modes()
    yield from mig.MODE.reading(current)
    yield from mig.PENDING_MODE.reading(pending)
    if current != 1:
        return
    for instance in gpu.mig_instances():
        labels = {
            "gpu_instance_id": str(instance.gpu_instance_id),
            "compute_instance_id": str(instance.compute_instance_id),
            "profile": instance.profile,
        }
        yield from mig.INSTANCE_INFO.reading(1, mig_uuid=instance.uuid, **labels)
        yield from mig.MEMORY_TOTAL.reading(instance.memory_total, **labels)
        yield from mig.MEMORY_USED.reading(instance.memory_used, **labels)
        yield from mig.MULTIPROCESSORS.reading(instance.multiprocessors, **labels)
