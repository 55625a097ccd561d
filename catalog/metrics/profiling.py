"""What the SMs really did: NVML's GPU performance monitoring (GPM), on Hopper and newer, without DCGM.

Each ratio is averaged by the hardware over the time between two readings, so its integral loses nothing.
"""

from catalog.metric import Kind, Metric, Unit


def _ratio(name: str, what: str, gpm: str) -> Metric:
    return Metric(
        name=f"gpu_{name}_ratio",
        kind=Kind.GAUGE,
        unit=Unit.RATIO,
        help=f"{what}, averaged since the reading before. Hopper and newer.",
        source=f"NVML_GPM_METRIC_{gpm}",
        history=True,
    )


def _seconds(name: str, ratio: Metric) -> Metric:
    return Metric(
        name=f"gpu_{name}_seconds_total",
        kind=Kind.COUNTER,
        unit=Unit.SECONDS,
        help=f"Integral of {ratio.name} over time. Hopper and newer.",
        source="gpuvitals",
        history=True,
        integrates=ratio,
    )


SM_ACTIVE = _ratio("sm_active", "Share of SMs that had work", "SM_UTIL")
SM_OCCUPANCY = _ratio(
    "sm_occupancy", "Active warps as a share of the most that fit", "SM_OCCUPANCY"
)
TENSOR_ACTIVE = _ratio(
    "tensor_active", "Share of time that the tensor cores worked", "ANY_TENSOR_UTIL"
)
DRAM_ACTIVE = _ratio(
    "dram_active", "Device memory bandwidth used, as a share of the peak", "DRAM_BW_UTIL"
)
FP64_ACTIVE = _ratio("fp64_active", "Share of time that the FP64 units worked", "FP64_UTIL")
FP32_ACTIVE = _ratio("fp32_active", "Share of time that the FP32 units worked", "FP32_UTIL")
FP16_ACTIVE = _ratio("fp16_active", "Share of time that the FP16 units worked", "FP16_UTIL")

SM_ACTIVE_SECONDS = _seconds("sm_active", SM_ACTIVE)
SM_OCCUPANCY_SECONDS = _seconds("sm_occupancy", SM_OCCUPANCY)
TENSOR_ACTIVE_SECONDS = _seconds("tensor_active", TENSOR_ACTIVE)
DRAM_ACTIVE_SECONDS = _seconds("dram_active", DRAM_ACTIVE)
FP64_ACTIVE_SECONDS = _seconds("fp64_active", FP64_ACTIVE)
FP32_ACTIVE_SECONDS = _seconds("fp32_active", FP32_ACTIVE)
FP16_ACTIVE_SECONDS = _seconds("fp16_active", FP16_ACTIVE)

FAMILIES = (
    SM_ACTIVE,
    SM_OCCUPANCY,
    TENSOR_ACTIVE,
    DRAM_ACTIVE,
    FP64_ACTIVE,
    FP32_ACTIVE,
    FP16_ACTIVE,
    SM_ACTIVE_SECONDS,
    SM_OCCUPANCY_SECONDS,
    TENSOR_ACTIVE_SECONDS,
    DRAM_ACTIVE_SECONDS,
    FP64_ACTIVE_SECONDS,
    FP32_ACTIVE_SECONDS,
    FP16_ACTIVE_SECONDS,
)
