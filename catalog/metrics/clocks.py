"""Clocks, performance state, and why a clock is not at its maximum."""

from catalog.metric import Kind, Metric, Unit

CLOCKS = ("graphics", "sm", "memory", "video")
# nvmlClocksEventReason* in nvml.h; the bit of each in `probes.decoding.board`.
REASONS = (
    "gpu_idle",
    "applications_clocks_setting",
    "sw_power_cap",
    "hw_slowdown",
    "sync_boost",
    "sw_thermal_slowdown",
    "hw_thermal_slowdown",
    "hw_power_brake_slowdown",
    "display_clock_setting",
)

CLOCK = Metric(
    name="gpu_clock_hertz",
    kind=Kind.GAUGE,
    unit=Unit.HERTZ,
    help="Clock now.",
    source="nvmlDeviceGetClockInfo",
    labels=("clock",),
    history=True,
)
CLOCK_MAX = Metric(
    name="gpu_clock_max_hertz",
    kind=Kind.GAUGE,
    unit=Unit.HERTZ,
    help="Highest clock that this GPU can run at.",
    source="nvmlDeviceGetMaxClockInfo",
    labels=("clock",),
)
PERFORMANCE_STATE = Metric(
    name="gpu_performance_state",
    kind=Kind.GAUGE,
    help="Performance state, 0 (fastest) to 15.",
    source="nvmlDeviceGetPerformanceState",
    plausible=(0, 15),
)
EVENT_ACTIVE = Metric(
    name="gpu_clock_event_active",
    kind=Kind.GAUGE,
    help="Reasons that hold the clocks down now: 1 for each that is active. A software power cap is normal under load.",
    source="nvmlDeviceGetCurrentClocksEventReasons",
    labels=("reason",),
    plausible=(0, 1),
)
EVENT_SECONDS = Metric(
    name="gpu_clock_event_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds that each reason held the clocks down: the driver's own counter where it has one, else a 1 Hz "
    "integral of gpu_clock_event_active.",
    source="NVML_FI_DEV_CLOCKS_EVENT_REASON_*, else gpuvitals",
    labels=("reason",),
    history=True,
    integrates=EVENT_ACTIVE,
)

FAMILIES = (CLOCK, CLOCK_MAX, PERFORMANCE_STATE, EVENT_ACTIVE, EVENT_SECONDS)
