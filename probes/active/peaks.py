"""Adds the peak of the link to the host, which CUDA does not tell and NVML does."""

import msgspec

from catalog.metrics import pcie
from catalog.probe import Measurement, Probe, Result
from catalog.snapshot import GpuView

_LANE = {1: 0.25e9, 2: 0.5e9, 3: 0.985e9, 4: 1.969e9, 5: 3.938e9, 6: 7.563e9}
"""Bytes a second of one lane, each way, by PCIe generation."""
_BOTH = "both"


def completed(result: Result, view: GpuView | None) -> Result:
    """*result* with the peaks that its child could not know."""
    peak = _link(view) if view and result.probe is Probe.HOST_LINK else None
    if peak is None:
        return result
    measurements = tuple(_with(measured, peak) for measured in result.measurements)
    return msgspec.structs.replace(result, measurements=measurements)


def _with(measured: Measurement, peak: float) -> Measurement:
    ways = 2 if measured.name == _BOTH else 1
    return msgspec.structs.replace(measured, peak=peak * ways)


def _link(view: GpuView) -> float | None:
    """Of what GPU and slot can do together: a link that came up slower is short of its peak."""
    generation, width = view.value(pcie.GENERATION_MAX), view.value(pcie.WIDTH_MAX)
    lane = _LANE.get(int(generation)) if generation is not None else None
    return None if lane is None or width is None else lane * width
