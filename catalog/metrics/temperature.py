"""Temperatures, margins, thresholds and fans."""

from catalog.metric import Kind, Metric, Unit

SENSORS = ("gpu", "memory")
THRESHOLDS = ("shutdown", "slowdown", "memory_max", "gpu_max")

TEMPERATURE = Metric(
    name="gpu_temperature_celsius",
    kind=Kind.GAUGE,
    unit=Unit.CELSIUS,
    help="Temperature of the GPU die and of its memory.",
    source="nvmlDeviceGetTemperature, NVML_FI_DEV_MEMORY_TEMP",
    labels=("sensor",),
    plausible=(-60, 160),
    history=True,
)
MARGIN = Metric(
    name="gpu_temperature_margin_celsius",
    kind=Kind.GAUGE,
    unit=Unit.CELSIUS,
    help="Degrees left before the GPU slows down; newer GPUs give this in place of absolute thresholds.",
    source="nvmlDeviceGetMarginTemperature",
    plausible=(-100, 200),
    history=True,
)
THRESHOLD = Metric(
    name="gpu_temperature_threshold_celsius",
    kind=Kind.GAUGE,
    unit=Unit.CELSIUS,
    help="Temperatures at which the GPU slows down or shuts down, or that it is rated for.",
    source="nvmlDeviceGetTemperatureThreshold",
    labels=("threshold",),
)
FAN = Metric(
    name="gpu_fan_speed_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Fan speed as a share of its maximum; above 1 is possible for a short time. Passively cooled GPUs have none.",
    source="nvmlDeviceGetFanSpeed_v2",
    labels=("fan",),
    plausible=(0, 2),
)

FAMILIES = (TEMPERATURE, MARGIN, THRESHOLD, FAN)
