"""The link to the host."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import pcie
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """Generation and width of one GPU's link, and its errors."""
    link, errors = gpu.pcie_link(), gpu.pcie_errors()
    yield from pcie.GENERATION.reading(link.generation)
    yield from pcie.GENERATION_MAX.reading(link.max_generation)
    yield from pcie.WIDTH.reading(link.width)
    yield from pcie.WIDTH_MAX.reading(link.max_width)
    yield from pcie.REPLAYS.reading(errors.replays)
    yield from pcie.CORRECTABLE.reading(errors.correctable)
    yield from pcie.NON_FATAL.reading(errors.non_fatal)
    yield from pcie.FATAL.reading(errors.fatal)
    yield from pcie.BAD_TLP.reading(errors.bad_tlp)
