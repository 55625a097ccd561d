"""Memory errors and what has been done about them: ECC counts, remapped rows, retired pages, pending repairs."""

from catalog.metric import Kind, Metric

TYPES = ("corrected", "uncorrected")
LOCATIONS = ("sram", "dram")
AVAILABILITIES = ("max", "high", "partial", "low", "none")
REPAIRS = ("channel", "tpc")
# nvmlDeviceGpuRecoveryAction_t in nvml.h, in the order of its values.
ACTIONS = (
    "none",
    "gpu_reset",
    "node_reboot",
    "drain_p2p",
    "drain_and_reset",
    "recover_imex_domain",
    "bus_reset",
    "system_reboot",
)

ENABLED = Metric(
    name="gpu_ecc_enabled",
    kind=Kind.GAUGE,
    help="Whether ECC is on.",
    source="nvmlDeviceGetEccMode",
    plausible=(0, 1),
)
PENDING_ENABLED = Metric(
    name="gpu_ecc_pending_enabled",
    kind=Kind.GAUGE,
    help="Whether ECC will be on after the next reboot.",
    source="nvmlDeviceGetEccMode",
    plausible=(0, 1),
)
ERRORS = Metric(
    name="gpu_ecc_errors_total",
    kind=Kind.COUNTER,
    help="ECC errors since the driver was loaded (volatile counters).",
    source="nvmlDeviceGetMemoryErrorCounter, NVML_VOLATILE_ECC",
    labels=("type", "location"),
    history=True,
)
LIFETIME_ERRORS = Metric(
    name="gpu_ecc_lifetime_errors_total",
    kind=Kind.COUNTER,
    help="ECC errors over the life of the board (aggregate counters).",
    source="nvmlDeviceGetMemoryErrorCounter, NVML_AGGREGATE_ECC",
    labels=("type", "location"),
)
SRAM_THRESHOLD = Metric(
    name="gpu_ecc_sram_threshold_exceeded",
    kind=Kind.GAUGE,
    help="Whether uncorrected SRAM errors passed the vendor's limit, which calls for a replacement. Needs root.",
    source="nvmlDeviceGetSramEccErrorStatus",
    plausible=(0, 1),
)
REMAPPED_ROWS = Metric(
    name="gpu_remapped_rows",
    kind=Kind.GAUGE,
    help="Rows of memory replaced by spares, by the error that caused it.",
    source="nvmlDeviceGetRemappedRows",
    labels=("type",),
    history=True,
)
REMAP_PENDING = Metric(
    name="gpu_row_remap_pending",
    kind=Kind.GAUGE,
    help="Whether a row waits to be remapped, which happens at the next reset of the GPU.",
    source="nvmlDeviceGetRemappedRows",
    plausible=(0, 1),
    history=True,
)
REMAP_FAILURE = Metric(
    name="gpu_row_remap_failure",
    kind=Kind.GAUGE,
    help="Whether a row could not be remapped, which calls for a replacement.",
    source="nvmlDeviceGetRemappedRows",
    plausible=(0, 1),
    history=True,
)
REMAP_BANKS = Metric(
    name="gpu_row_remap_banks",
    kind=Kind.GAUGE,
    help="Memory banks by how many of their spare rows are left.",
    source="nvmlDeviceGetRowRemapperHistogram",
    labels=("availability",),
)
RETIRED_PAGES = Metric(
    name="gpu_retired_pages",
    kind=Kind.GAUGE,
    help="Pages retired on GPUs older than Ampere, by the error that caused it.",
    source="nvmlDeviceGetRetiredPages",
    labels=("type",),
)
RETIREMENT_PENDING = Metric(
    name="gpu_page_retirement_pending",
    kind=Kind.GAUGE,
    help="Whether a page waits to be retired at the next reboot, on GPUs older than Ampere.",
    source="nvmlDeviceGetRetiredPagesPendingStatus",
    plausible=(0, 1),
)
REPAIR_PENDING = Metric(
    name="gpu_repair_pending",
    kind=Kind.GAUGE,
    help="Whether a memory channel or a TPC waits to be repaired at the next reset.",
    source="nvmlDeviceGetRepairStatus",
    labels=("unit",),
    plausible=(0, 1),
)
UNREPAIRABLE = Metric(
    name="gpu_memory_unrepairable",
    kind=Kind.GAUGE,
    help="Whether memory is damaged beyond repair, which calls for a replacement.",
    source="nvmlDeviceGetUnrepairableMemoryFlag_v1",
    plausible=(0, 1),
)
RECOVERY_ACTION = Metric(
    name="gpu_recovery_action",
    kind=Kind.GAUGE,
    help="What the GPU itself asks for: 1 for the action that it needs, 0 for the others.",
    source="NVML_FI_DEV_GET_GPU_RECOVERY_ACTION",
    labels=("action",),
    plausible=(0, 1),
)

FAMILIES = (
    ENABLED,
    PENDING_ENABLED,
    ERRORS,
    LIFETIME_ERRORS,
    SRAM_THRESHOLD,
    REMAPPED_ROWS,
    REMAP_PENDING,
    REMAP_FAILURE,
    REMAP_BANKS,
    RETIRED_PAGES,
    RETIREMENT_PENDING,
    REPAIR_PENDING,
    UNREPAIRABLE,
    RECOVERY_ACTION,
)
