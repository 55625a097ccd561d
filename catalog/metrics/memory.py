"""Device memory and its window in the host's address space."""

from catalog.metric import Kind, Metric, Unit

TOTAL = Metric(
    name="gpu_memory_total_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory installed.",
    source="nvmlDeviceGetMemoryInfo_v2",
    history=True,
)
USED = Metric(
    name="gpu_memory_used_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory in use, reserved memory excluded.",
    source="nvmlDeviceGetMemoryInfo_v2",
    history=True,
)
RESERVED = Metric(
    name="gpu_memory_reserved_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory that driver and firmware keep for themselves.",
    source="nvmlDeviceGetMemoryInfo_v2",
)
FREE = Metric(
    name="gpu_memory_free_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory that can be allocated.",
    source="nvmlDeviceGetMemoryInfo_v2",
)
BAR1_TOTAL = Metric(
    name="gpu_bar1_total_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Size of BAR1, the window through which host and peers map device memory.",
    source="nvmlDeviceGetBAR1MemoryInfo",
)
BAR1_USED = Metric(
    name="gpu_bar1_used_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="BAR1 address space in use.",
    source="nvmlDeviceGetBAR1MemoryInfo",
)

FAMILIES = (TOTAL, USED, RESERVED, FREE, BAR1_TOTAL, BAR1_USED)
