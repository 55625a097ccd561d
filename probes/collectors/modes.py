"""How the GPU is set up."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import modes
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Modes of one GPU and its place in the NVLink fabric."""
    yield from modes.COMPUTE_MODE.states(gpu.compute_mode(), modes.COMPUTE_MODES)
    yield from modes.PERSISTENCE.reading(gpu.persistence())
    yield from modes.CONFIDENTIAL_COMPUTE.reading(gpu.confidential_compute())
    yield from modes.FABRIC_STATE.states(gpu.fabric_state(), modes.FABRIC_STATES)
