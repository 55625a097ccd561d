"""What happened to a GPU, once, at a moment: the record that pages, logs and history keep."""

from dataclasses import dataclass
from enum import StrEnum

from catalog.severity import Severity
from catalog.xid.actions import Action

__all__ = ["Event", "EventKind", "Severity"]


class EventKind(StrEnum):
    """What happened."""

    XID = "xid"
    SXID = "sxid"
    GPU_LOST = "gpu_lost"
    GPU_HUNG = "gpu_hung"
    GPU_UNKNOWN = "gpu_unknown"
    GPU_BACK = "gpu_back"
    GPU_DEGRADED = "gpu_degraded"
    GPU_UNHEALTHY = "gpu_unhealthy"
    GPU_RECOVERING = "gpu_recovering"
    GPU_OK = "gpu_ok"
    DRIVER_UP = "driver_up"
    DRIVER_DOWN = "driver_down"
    READER_RESTARTED = "reader_restarted"
    ECC_UNCORRECTED = "ecc_uncorrected"
    PROBE_DEGRADED = "probe_degraded"
    PROBE_FAILED = "probe_failed"
    PROBE_RECOVERED = "probe_recovered"
    ROW_REMAP = "row_remap"
    RECOVERY_ACTION = "recovery_action"
    THROTTLE = "throttle"
    CLOCK_STUCK = "clock_stuck"
    PCIE_LINK = "pcie_link"
    MIG_RECONFIGURED = "mig_reconfigured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    Attributes:
        at: when it happened, seconds since 1970.
        uuid: the GPU it happened to; empty when it concerns the node.
        reason: the cause in a word, as `reason` of a GPU's state has it; empty if the kind says enough.
        pci_bus_id: where the GPU or the NVSwitch sits, as NVML writes it; empty when it concerns the node.
        gpu_instance, compute_instance: of MIG, None if it concerns the whole GPU.
        code: the Xid or SXid, when `kind` is `xid` or `sxid`.
        sub_code: what refines the code: of Xid 144 to 150 the unit and reach, of 154 the recovery action, of 74 the registers.
        action: what it asks for, None if the kind says enough.
        process, pid: who used the GPU, as the host sees it; empty and None if nobody knows.
        probe: whether one of our own active probes was that process.
        message: one sentence for a person.
    """

    at: float
    kind: EventKind
    severity: Severity
    message: str
    uuid: str = ""
    reason: str = ""
    pci_bus_id: str = ""
    gpu_instance: int | None = None
    compute_instance: int | None = None
    code: int | None = None
    sub_code: str = ""
    action: Action | None = None
    process: str = ""
    pid: int | None = None
    probe: bool = False
