"""What the SMs really did, and the PCIe rates, from GPM."""

from collections.abc import Iterator

from catalog.metric import Sample
from catalog.metrics import pcie, profiling
from probes.gpu import Gpu


def read(gpu: Gpu) -> Iterator[Sample]:
    """GPM of one GPU; one question feeds both subjects, since asking starts a new interval."""
    profile = gpu.profile()
    if profile is None:
        return
    yield from profiling.SM_ACTIVE.reading(profile.sm_active)
    yield from profiling.SM_OCCUPANCY.reading(profile.sm_occupancy)
    yield from profiling.TENSOR_ACTIVE.reading(profile.tensor_active)
    yield from profiling.DRAM_ACTIVE.reading(profile.dram_active)
    yield from profiling.FP64_ACTIVE.reading(profile.fp64_active)
    yield from profiling.FP32_ACTIVE.reading(profile.fp32_active)
    yield from profiling.FP16_ACTIVE.reading(profile.fp16_active)
    yield from pcie.RECEIVE_RATE.reading(profile.pcie_receive)
    yield from pcie.TRANSMIT_RATE.reading(profile.pcie_transmit)
