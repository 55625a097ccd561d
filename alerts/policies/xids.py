"""Errors that the driver reported, by what they ask for."""

from alerts.example import Given, held, steady
from alerts.policy import Policy, Scope, Severity
from catalog.metrics import events
from catalog.promql import functions as q
from catalog.promql.expr import Expr
from catalog.xid.actions import Action

RECENT = 300
"""Seconds for which an Xid is news. By its time, not by an increase: the first of a code that nobody expected has none."""


def recent(action: Action) -> Expr:
    """The Xids that ask for *action* and were reported lately: a repeat counts anew, an old one ends."""
    lately = (q.now() - q.select(events.XID_LAST)) < RECENT
    # One code may ask for several things: Xid 154 for a reset, and then, when that was done, for nothing.
    counted = q.select(events.XID_ERRORS, action=action.value) > 0
    return counted.and_on(lately, "uuid", "xid", "action")


def _taken_back(action: Action) -> tuple[Given, ...]:
    """A code that may ask for several things asked two GPUs for *action*, one of them long ago; now it asks both for nothing."""
    return (
        steady(q.select(events.XID_ERRORS, xid="154", action=action.value), 1),
        Given(
            series=q.select(events.XID_LAST, xid="154", action=action.value),
            bad=60,
            short=9999,
            good=9999,
        ),
        Given(
            series=q.select(events.XID_LAST, xid="154", action=Action.NONE.value),
            bad=60,
            short=60,
            good=60,
        ),
    )


def _policy(name: str, action: Action, meaning: str, first: str) -> Policy:
    owned = action is Action.RESTART_APP
    example = (
        steady(q.select(events.XID_ERRORS, xid="79", action=action.value), 1),
        Given(
            series=q.select(events.XID_LAST, xid="79", action=action.value),
            bad=60,
            short=RECENT + 1,
            good=9999,
        ),
    )
    return Policy(
        name=name,
        scope=Scope.GPU,
        severity=Severity.PAGE if action.pages else Severity.TICKET,
        condition=recent(action),
        labels=("xid",),
        example=example,
        others=(
            _taken_back(action),
            *([(*example, held()), (*example, held("ml"), held("web"))] if owned else []),
        ),
        meaning=meaning,
        action=first,
        at_once="an Xid is an event: there is nothing to wait for",
        direct=action.pages,
        owned=owned,
    )


RESET_GPU = _policy(
    "GpuXidResetGpu",
    Action.RESET_GPU,
    "Xid {{ $labels.xid }}: the GPU is of no use until it is drained and reset.",
    "Run `gpuvitals xid {{ $labels.xid }}`, drain the GPU and reset it.",
)
REBOOT_NODE = _policy(
    "GpuXidRebootNode",
    Action.REBOOT_NODE,
    "Xid {{ $labels.xid }}: the GPU is of no use until its node restarts.",
    "Run `gpuvitals xid {{ $labels.xid }}`, drain the node and restart it.",
)
CONTACT_SUPPORT = _policy(
    "GpuXidContactSupport",
    Action.CONTACT_SUPPORT,
    "Xid {{ $labels.xid }}: no reset mends it, or nobody says what does; how much of the GPU is left must be looked at.",
    "Run `gpuvitals xid {{ $labels.xid }}` and follow it; keep the kernel log for the vendor.",
)
RESTART_APP = _policy(
    "GpuXidRestartApp",
    Action.RESTART_APP,
    "Xid {{ $labels.xid }}: an application failed on the GPU, mostly by its own mistake.",
    "Tell the owner of the application; run `gpuvitals xid {{ $labels.xid }}` for what it means.",
)

POLICIES = (RESET_GPU, REBOOT_NODE, CONTACT_SUPPORT, RESTART_APP)
