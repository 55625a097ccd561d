"""A GPU that is not there."""

from alerts.example import flag
from alerts.policy import Policy, Scope, Severity
from catalog.metrics import state
from catalog.promql import functions as q

LOST = Policy(
    name="GpuLost",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(state.STATE, state="lost").equals(1),
    example=flag(q.select(state.STATE, state="lost")),
    meaning="The GPU has fallen off the bus or is not found by the driver; what ran on it has failed.",
    action="Drain the node and look for Xid 79 and PCIe errors in the kernel log.",
    at_once="a GPU that is lost stays so until somebody acts",
    explained_by=("GpuXidRebootNode", "GpuXidResetGpu"),
    direct=True,
)
HUNG = Policy(
    name="GpuHung",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(state.STATE, state="hung").equals(1),
    example=flag(q.select(state.STATE, state="hung")),
    meaning="The driver does not answer about this GPU; work on it is likely to be stuck.",
    action="Look for Xid 119, 120 or 154 in the kernel log, drain the node, then reset the GPU.",
    at_once="the exporter has waited for its deadline already",
    explained_by=("GpuLost", "GpuXidRebootNode", "GpuXidResetGpu"),
    direct=True,
)

POLICIES = (LOST, HUNG)
