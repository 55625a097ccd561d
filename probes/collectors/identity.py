"""What the GPU is."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import state
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """The labels of `gpu_info`."""
    identity, info = gpu.identity, gpu.info()
    yield from state.INFO.reading(
        1,
        model=identity.model,
        architecture=info.architecture,
        compute_capability=info.compute_capability,
        pci_bus_id=identity.pci_bus_id,
        serial=info.serial,
        board_part_number=info.board_part_number,
        vbios=info.vbios,
        driver=info.driver,
        cuda_driver=info.cuda_driver,
        minor=info.minor,
        node=identity.node,
    )
