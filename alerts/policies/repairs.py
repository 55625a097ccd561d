"""What the GPU, or a switch beside it, asks for itself."""

from alerts.example import Given, flag
from alerts.policies.xids import RECENT
from alerts.policy import Policy, Scope, Severity
from catalog.metrics import ecc, events
from catalog.promql import functions as q
from catalog.xid.actions import Action

_PAGES = "|".join(action.value for action in Action if action.pages)
_LATELY = (q.now() - q.select(events.SXID_LAST)) < RECENT

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
    explained_by=("GpuXidResetGpu", "GpuXidRebootNode"),
)
SXID_FATAL = Policy(
    name="NvswitchSxidFatal",
    scope=Scope.NODE,
    severity=Severity.PAGE,
    condition=q.of_node(
        (q.select(events.SXID_ERRORS, action=f"=~{_PAGES}") > 0).and_on(
            _LATELY, "instance", "nvswitch", "sxid"
        )
    ),
    labels=("nvswitch", "sxid"),
    example=(
        Given(
            series=q.select(
                events.SXID_ERRORS, nvswitch="0", sxid="20034", action=Action.RESET_GPU.value
            ),
            bad=1,
            short=1,
            good=1,
        ),
        Given(
            series=q.select(events.SXID_LAST, nvswitch="0", sxid="20034"),
            bad=60,
            short=RECENT + 1,
            good=9999,
        ),
    ),
    meaning="SXid {{ $labels.sxid }} of NVSwitch {{ $labels.nvswitch }}: traffic between GPUs of the node has failed.",
    action="Run `gpuvitals xid --sxid {{ $labels.sxid }}`, drain the node and follow it.",
    at_once="an SXid is an event: there is nothing to wait for",
)

POLICIES = (RECOVERY, SXID_FATAL)
