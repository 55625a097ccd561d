"""Power, its limits, and energy."""

from catalog.metric import Kind, Metric, Unit

LIMITS = ("enforced", "default", "min", "max")

NOW = Metric(
    name="gpu_power_watts",
    kind=Kind.GAUGE,
    unit=Unit.WATTS,
    help="Power that the GPU draws now, as the driver reports it (on Ampere and newer an average over a second, except GA100).",
    source="nvmlDeviceGetPowerUsage",
    history=True,
)
AVERAGE = Metric(
    name="gpu_power_average_watts",
    kind=Kind.GAUGE,
    unit=Unit.WATTS,
    help="Power averaged over one second by the driver.",
    source="NVML_FI_DEV_POWER_AVERAGE",
)
LIMIT = Metric(
    name="gpu_power_limit_watts",
    kind=Kind.GAUGE,
    unit=Unit.WATTS,
    help="Power limits: the one enforced now, the default, and the range that can be set.",
    source="nvmlDeviceGetEnforcedPowerLimit, nvmlDeviceGetPowerManagementDefaultLimit, "
    "nvmlDeviceGetPowerManagementLimitConstraints",
    labels=("limit",),
)
ENERGY = Metric(
    name="gpu_energy_joules_total",
    kind=Kind.COUNTER,
    unit=Unit.JOULES,
    help="Energy used since the driver was loaded.",
    source="nvmlDeviceGetTotalEnergyConsumption",
    history=True,
)

FAMILIES = (NOW, AVERAGE, LIMIT, ENERGY)
