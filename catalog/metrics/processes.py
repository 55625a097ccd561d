"""Who has a context on the GPU."""

from catalog.metric import Kind, Metric, Unit

TYPES = ("compute", "graphics", "mps")

COUNT = Metric(
    name="gpu_processes",
    kind=Kind.GAUGE,
    help="Processes with a context on the GPU, by type; a process with several kinds counts in each. Those of an MPS server "
    "are read once a minute.",
    source="nvmlDeviceGetComputeRunningProcesses_v3, nvmlDeviceGetGraphicsRunningProcesses_v3, "
    "nvmlDeviceGetMPSComputeRunningProcesses_v3",
    labels=("type",),
    history=True,
)
MEMORY = Metric(
    name="gpu_process_memory_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory of each compute process. Off by default; the setting process_series says how many per GPU.",
    source="nvmlDeviceGetComputeRunningProcesses_v3",
    labels=("pid",),
)

FAMILIES = (COUNT, MEMORY)
