"""The rules: everything that takes a GPU out of `ok`, one row per cause. Who finds a cause is in `exporter.health.judge`.

Sources: NVIDIA's GPU memory error management, whose flags say what may go on and what must be repaired
(https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html), and the driver's recovery
action, which outranks what we think of an Xid.
"""

from dataclasses import dataclass

from catalog.event import EventKind, Severity
from catalog.finding import State

MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause.

    Attributes:
        name: the word that is a GPU's reason.
        state: what it makes of the GPU.
        text: what it is, for a person.
        after: seconds that it must have held, pauses shorter than `hold` left out, before it counts.
        hold: seconds that it must be gone before it is cleared, doubled with each return within an hour.
        kind: the event that tells of its begin and its end; None if the change of the state says enough.
    """

    name: str
    state: State
    text: str
    after: float = 0.0
    hold: float = 0.0
    kind: EventKind | None = None

    @property
    def severity(self) -> Severity:
        """Of the event that tells of its begin."""
        return SEVERITIES[self.state] if self.state is not State.OK else Severity.WARNING


SEVERITIES = {
    State.OK: Severity.INFO,
    State.RECOVERING: Severity.INFO,
    State.DEGRADED: Severity.WARNING,
    State.UNKNOWN: Severity.WARNING,
    State.UNHEALTHY: Severity.CRITICAL,
    State.HUNG: Severity.CRITICAL,
    State.LOST: Severity.CRITICAL,
}


def _asks(action: str, state: State, text: str) -> Cause:
    return Cause(name=f"recovery_{action}", state=state, text=text, kind=EventKind.RECOVERY_ACTION)


def _throttle(reason: str, state: State, text: str) -> Cause:
    return Cause(
        name=reason, state=state, text=text, after=10.0, hold=MINUTE, kind=EventKind.THROTTLE
    )


ONLY_BLANKS = Cause(
    name="only_blanks",
    state=State.UNKNOWN,
    text="answers only blanks",
    after=5.0,
    hold=5.0,
)
THROTTLES = (
    _throttle("hw_thermal_slowdown", State.DEGRADED, "hardware thermal slowdown"),
    _throttle("hw_power_brake_slowdown", State.DEGRADED, "power brake slowdown"),
    # It is set along with the two above; alone, older GPUs mean either.
    _throttle("hw_slowdown", State.DEGRADED, "hardware slowdown"),
    # The driver steers below a target that operators choose: worth saying, and the GPU works as it is meant to.
    _throttle("sw_thermal_slowdown", State.OK, "software thermal slowdown"),
)
"""By the driver's names of the reasons. A software power cap is none: it is on in most of a healthy training."""
CLOCK_STUCK = Cause(
    name="clock_stuck",
    state=State.DEGRADED,
    text="SM clock below half of its maximum under load, and no reason is given",
    after=30.0,
    hold=MINUTE,
    kind=EventKind.CLOCK_STUCK,
)
NVLINK_DOWN = Cause(
    name="nvlink_down", state=State.DEGRADED, text="some NVLinks are down", hold=MINUTE
)
PCIE_LINK = Cause(
    name="pcie_link_below_maximum",
    state=State.DEGRADED,
    text="PCIe link below what GPU and slot support, while the GPU works",
    hold=MINUTE,
    kind=EventKind.PCIE_LINK,
)
ECC_UNCORRECTED = Cause(
    name="ecc_uncorrected",
    state=State.DEGRADED,
    text="uncorrected ECC errors within the last 10 minutes",
    hold=10 * MINUTE,
    kind=EventKind.ECC_UNCORRECTED,
)
ROW_REMAP_PENDING = Cause(
    name="row_remap_pending",
    state=State.DEGRADED,  # NVIDIA: what runs may go on and new work may start; remapped at the next reset
    text="row remap pending",
    kind=EventKind.ROW_REMAP,
)
ROW_REMAP_FAILURE = Cause(
    name="row_remap_failure",
    state=State.UNHEALTHY,  # NVIDIA: qualifies for replacement
    text="row remap failed",
    kind=EventKind.ROW_REMAP,
)
REMAP_BANKS_EXHAUSTED = Cause(
    name="remap_banks_exhausted",
    state=State.DEGRADED,
    text="a memory bank has no spare rows left",
)
SRAM_THRESHOLD = Cause(
    name="sram_threshold_exceeded", state=State.UNHEALTHY, text="SRAM errors over limit"
)
UNREPAIRABLE = Cause(name="memory_unrepairable", state=State.UNHEALTHY, text="memory unrepairable")
RETIREMENT_PENDING = Cause(
    name="page_retirement_pending", state=State.DEGRADED, text="page retirement pending"
)
REPAIRS = {
    unit: Cause(name=f"{unit}_repair_pending", state=State.DEGRADED, text=f"{word} repair pending")
    for unit, word in (("channel", "channel"), ("tpc", "TPC"))
}
RECOVERY = {
    "gpu_reset": _asks("gpu_reset", State.UNHEALTHY, "needs GPU reset"),
    "node_reboot": _asks("node_reboot", State.UNHEALTHY, "needs node reboot"),
    # Work without peer-to-peer traffic goes on.
    "drain_p2p": _asks("drain_p2p", State.DEGRADED, "needs drain P2P"),
    # No new work should be placed on it.
    "drain_and_reset": _asks("drain_and_reset", State.UNHEALTHY, "needs drain and reset"),
    "recover_imex_domain": _asks(
        "recover_imex_domain", State.UNHEALTHY, "needs recover IMEX domain"
    ),
    "bus_reset": _asks("bus_reset", State.UNHEALTHY, "needs bus reset"),
    "system_reboot": _asks("system_reboot", State.UNHEALTHY, "needs system reboot"),
}
"""What the GPU itself asks for, by the words of `catalog.metrics.ecc.ACTIONS`."""
XIDS = {
    action: Cause(name=f"xid_{action}", state=State.UNHEALTHY, text=text)
    for action, text in (
        ("contact_support", "an Xid asks for support"),
        ("reset_gpu", "an Xid asks for a reset of the GPU"),
        ("reboot_node", "an Xid asks for a reboot of the node"),
    )
}
"""Until the GPU's recovery action says none 10 s later, or the GPU was reset, or its driver was loaded anew."""

CAUSES = (
    *RECOVERY.values(),
    *XIDS.values(),
    ROW_REMAP_FAILURE,
    SRAM_THRESHOLD,
    UNREPAIRABLE,
    ONLY_BLANKS,
    ROW_REMAP_PENDING,
    REMAP_BANKS_EXHAUSTED,
    RETIREMENT_PENDING,
    *REPAIRS.values(),
    ECC_UNCORRECTED,
    PCIE_LINK,
    NVLINK_DOWN,
    CLOCK_STUCK,
    *THROTTLES,
)
BY_NAME = {cause.name: cause for cause in CAUSES}

LIVENESS = {
    "call_overdue": "a call to it has not returned",
    "gpu_is_lost": "the driver says that it is lost",
    "not_found": "the driver does not find it",
    "driver_blocked": "another GPU's call blocks the driver",
    "thread_ended": "the exporter's thread that reads it has ended",
    "not_read_yet": "it has not been read yet",
    "not_identified": "it is gone, or one of those that have not told who they are",
    "driver_down": "the driver does not answer",
    "reader_restarting": "the exporter's reader starts anew",
    "released": "the exporter has let go of the driver",
}
"""Why a GPU is hung, lost or unknown whatever its readings said."""
OF_THE_NODE = frozenset(("not_read_yet", "driver_down", "reader_restarting", "released"))
"""Those of all GPUs at once, which are one event of the node."""
AFTER = {
    State.HUNG: "after_hung",
    State.LOST: "after_lost",
    State.UNHEALTHY: "after_unhealthy",
}
"""Why a GPU is recovering."""
