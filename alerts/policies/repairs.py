"""What the GPU, or a switch beside it, asks for itself."""

from alerts.example import Given, flag, steady
from alerts.policies.xids import RECENT
from alerts.policy import Policy, Scope, Severity
from catalog.metrics import ecc, events
from catalog.promql import functions as q
from catalog.xid.actions import Action

_LATELY = (q.now() - q.select(events.SXID_LAST)) < RECENT
_FATAL = f"=~{Action.RESET_GPU}|{Action.REBOOT_NODE}"


def _sxid(name: str, asked: str, example: Action, code: str, meaning: str) -> Policy:
    """SXids that ask for *asked*, a matcher."""
    counted = q.select(events.SXID_ERRORS, action=asked) > 0
    of_example = {"nvswitch": "0", "sxid": code, "action": example.value}
    return Policy(
        name=name,
        scope=Scope.NODE,
        severity=Severity.PAGE,
        condition=q.of_node(counted.and_on(_LATELY, "instance", "nvswitch", "sxid", "action")),
        labels=("nvswitch", "sxid"),
        example=(
            steady(q.select(events.SXID_ERRORS, **of_example), 1),
            Given(
                series=q.select(events.SXID_LAST, **of_example),
                bad=60,
                short=RECENT + 1,
                good=9999,
            ),
        ),
        meaning=meaning,
        action="Run `gpuvitals xid --sxid {{ $labels.sxid }}`, drain the node and follow it.",
        at_once="an SXid is an event: there is nothing to wait for",
    )


RECOVERY = Policy(
    name="GpuRecoveryActionRequired",
    scope=Scope.GPU,
    severity=Severity.PAGE,
    condition=q.select(ecc.RECOVERY_ACTION, action="!=none").equals(1),
    labels=("action",),
    example=flag(q.select(ecc.RECOVERY_ACTION, action="gpu_reset")),
    meaning="The GPU itself asks for {{ $labels.action }}: until then it is of no use, or of less.",
    action="Drain the GPU, or the node, and do what it asks for.",
    at_once="it asks until it was done",
    explained_by=("GpuRowRemapFailed", "GpuXidRebootNode", "GpuXidResetGpu"),
    direct=True,
)
SXID_FATAL = _sxid(
    "NvswitchSxidFatal",
    _FATAL,
    Action.RESET_GPU,
    "20034",
    "SXid {{ $labels.sxid }} of NVSwitch {{ $labels.nvswitch }}: traffic between GPUs of the node has failed.",
)
SXID_CONTACT_SUPPORT = _sxid(
    "NvswitchSxidContactSupport",
    Action.CONTACT_SUPPORT.value,
    Action.CONTACT_SUPPORT,
    "20012",
    "SXid {{ $labels.sxid }} of NVSwitch {{ $labels.nvswitch }}: a connection or the cooling of the switch must be looked at.",
)

POLICIES = (RECOVERY, SXID_FATAL, SXID_CONTACT_SUPPORT)
