"""docs/states.md: the states and their causes as a page for people."""

from collections.abc import Iterator

from catalog.event import EventKind
from catalog.finding import State
from catalog.metrics import availability, state
from exporter.health.account import AVAILABLE
from exporter.health.causes import AFTER, CAUSES, LIVENESS, OF_THE_NODE, Cause
from exporter.health.episode import MOST_DOUBLINGS
from exporter.health.gpu import SETTLED
from exporter.health.machine import RECOVERY

_HEADER = """\
<!-- DO NOT EDIT: written by `gpuvitals generate` from exporter/health/causes.py -->
# States of a GPU

`{metric_state}{{state=...}}` is 1 for the one state that holds; the reason is a word of the tables below, in `/api/v1/gpus`, on the page and in
each event. What a GPU answers outranks what is known against it; of several causes the gravest gives the state.

| state | means | available | `{metric_up}` |
|---|---|---|---|
{states}

*Available* is what `{available}` counts. `{observed}` counts every state but `unknown`.
`{expected}` counts each GPU that the node should have: as many as `expected_gpus` says, else the most that were seen or that
the kubelet called allocatable at once in 24 hours, a lost one and one that was never found included. Time in which no exporter
ran is expected too, less ten seconds, up to a day. `gpuvitals release --for 2h` declares maintenance: nothing is expected until
the time is over or a GPU is read again.
`{outages}` takes the time from when a GPU stopped being available until it was again, over restarts of the exporter.

## Damping

A fault counts at once, or after it has held for the seconds under *after*. What is gone is cleared after the seconds under *hold*. A GPU that
was {faults} is `recovering` until it has stayed well for {recovery:.0f} s. Both waits double with each return within an hour, up to {most} times.
So a throttle that comes and goes each second is one event when it begins and one when it ends.

## Causes

| reason | state | what it is | after | hold | event |
|---|---|---|---|---|---|
{causes}

What an Xid asked for is over when the GPU's recovery action is `none` in a reading more than {settled:.0f} s later, when the GPU was lost and is back, when its
ECC counters began anew, when the driver was loaded anew, or when the machine was booted. An Xid that asks to restart an application changes no
state. Software power capping is no cause: healthy training runs into it most of the time.

The clock is judged only under load and while the driver gives no reason for it; clocks that an operator locked below half of
the maximum look stuck, unless the driver says so. The PCIe link is judged only while the GPU works, since many boards lower it when idle.

## Why a GPU does not answer

| reason | what it is | event |
|---|---|---|
{liveness}
"""
_MEANINGS = {
    State.OK: "it answers, and nothing is known against it",
    State.DEGRADED: "it serves work, but less than it should, or at a risk",
    State.UNHEALTHY: "it answers, and must be drained and repaired",
    State.HUNG: "a call to it has not returned",
    State.LOST: "the driver cannot reach it, or does not find it",
    State.RECOVERING: "it was hung, lost or unhealthy, and serves work again; its reason is "
    + ", ".join(f"`{word}`" for word in AFTER.values()),
    State.UNKNOWN: "nobody knows",
}


def states_page() -> str:
    """The whole page."""
    return _HEADER.format(
        metric_state=state.STATE.name,
        metric_up=state.UP.name,
        available=availability.AVAILABLE.name,
        observed=availability.OBSERVED.name,
        expected=availability.EXPECTED.name,
        outages=availability.RECOVERY.name,
        states="\n".join(_states()),
        faults="hung, lost or unhealthy",
        recovery=RECOVERY,
        most=2**MOST_DOUBLINGS,
        settled=SETTLED,
        causes="\n".join(map(_cause, CAUSES)),
        liveness="\n".join(_liveness()),
    )


def _states() -> Iterator[str]:
    for each in State:
        available = "yes" if each in AVAILABLE else "no"
        yield f"| `{each}` | {_MEANINGS[each]} | {available} | {int(each.answers)} |"


def _cause(cause: Cause) -> str:
    makes = f"`{cause.state}`" if cause.state is not State.OK else "none, it is only said"
    kind = f"`{cause.kind}`" if cause.kind else ""
    times = f"{_seconds(cause.after)} | {_seconds(cause.hold)}"
    return f"| `{cause.name}` | {makes} | {cause.text} | {times} | {kind} |"


def _liveness() -> Iterator[str]:
    for word, text in LIVENESS.items():
        told = f"`{EventKind.READER_RESTARTED}`, `{EventKind.DRIVER_DOWN}` or none: of all GPUs at once"
        yield f"| `{word}` | {text} | {told if word in OF_THE_NODE else 'its own'} |"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds else ""
