"""What the CUDA driver's error codes mean for a run. Facts only; `cuda_probes.driver` asks and raises.

The codes are `CUresult` of cuda.h: https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from catalog.probe import Reason

ANYWHERE: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        2: Reason.OUT_OF_MEMORY,
        34: Reason.NO_DRIVER,  # a stub library: the container was built with it, no driver was mounted
        46: Reason.CONTEXT_REFUSED,  # busy or unavailable: what exclusive and prohibited modes answer
        209: Reason.DRIVER_TOO_OLD,  # no kernel image: neither the PTX nor anything else suits this GPU
        214: Reason.UNCORRECTABLE_ECC,
        217: Reason.NO_PEER_ACCESS,
        218: Reason.DRIVER_TOO_OLD,
        222: Reason.DRIVER_TOO_OLD,  # PTX of a newer ISA than the driver reads
        802: Reason.FABRIC_NOT_READY,  # NVSwitch systems until the fabric manager has set the links up
        803: Reason.DRIVER_TOO_OLD,
        804: Reason.DRIVER_TOO_OLD,
    }
)

BEFORE_CONTEXT: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        3: Reason.NO_DRIVER,
        100: Reason.NO_SUCH_GPU,
        101: Reason.NO_SUCH_GPU,
        999: Reason.NO_DRIVER,
    }
)
"""Before there is a context, these speak of the driver or of the device asked for."""

IN_CONTEXT: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        4: Reason.GPU_LOST,
        46: Reason.GPU_LOST,
        100: Reason.GPU_LOST,
        101: Reason.GPU_LOST,
        201: Reason.STICKY_ERROR,
        220: Reason.STICKY_ERROR,  # uncorrectable NVLink error
        700: Reason.STICKY_ERROR,
        702: Reason.STICKY_ERROR,
        709: Reason.STICKY_ERROR,
        710: Reason.STICKY_ERROR,
        714: Reason.STICKY_ERROR,
        715: Reason.STICKY_ERROR,
        716: Reason.STICKY_ERROR,
        717: Reason.STICKY_ERROR,
        718: Reason.STICKY_ERROR,
        719: Reason.STICKY_ERROR,
        999: Reason.GPU_LOST,  # what calls answer after the GPU fell off the bus
    }
)
"""In a context, the device was there a moment ago; a sticky error ends the context."""

FATAL: Final = frozenset({Reason.STICKY_ERROR, Reason.UNCORRECTABLE_ECC, Reason.GPU_LOST})
"""After these the context cannot even be destroyed: PyCUDA would abort the process while it tries."""

CODES: Final = tuple(sorted({*ANYWHERE, *BEFORE_CONTEXT, *IN_CONTEXT}))


def reason_of(code: int | None, *, in_context: bool) -> Reason:
    """What *code* means; None is an error whose code nobody knows."""
    if code is None:
        return Reason.DRIVER_ERROR
    stage = IN_CONTEXT if in_context else BEFORE_CONTEXT
    return stage.get(code) or ANYWHERE.get(code) or Reason.DRIVER_ERROR
