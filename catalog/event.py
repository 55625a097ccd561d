"""What happened to a GPU, once, at a moment: the record that pages, logs and history keep."""

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened."""

    XID = "xid"
    SXID = "sxid"
    GPU_LOST = "gpu_lost"
    GPU_HUNG = "gpu_hung"
    GPU_UNKNOWN = "gpu_unknown"
    GPU_BACK = "gpu_back"
    DRIVER_UP = "driver_up"
    DRIVER_DOWN = "driver_down"
    READER_RESTARTED = "reader_restarted"
    ECC_UNCORRECTED = "ecc_uncorrected"


class Severity(StrEnum):
    """How much it matters to whoever looks at the page."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    Attributes:
        at: when it happened, seconds since 1970.
        uuid: the GPU it happened to; empty when it concerns the node.
        code: the Xid or SXid, when `kind` is `xid` or `sxid`.
        message: one sentence for a person.
    """

    at: float
    kind: EventKind
    severity: Severity
    message: str
    uuid: str = ""
    code: int | None = None
