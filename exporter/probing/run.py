"""One run: the order, the memory errors before and after, the child between, and what all of it comes to."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

import msgspec

from catalog.errors import CollectorError
from catalog.metrics import clocks, ecc, pcie, power, temperature
from catalog.probe import Order, Outcome
from catalog.snapshot import GpuView, Tier
from exporter.probing.life import End, Ended, live
from exporter.probing.process import Process
from exporter.probing.settings import SIMULATED
from probes.active.answer import NoAnswer, read
from probes.active.facts import Facts, environment
from probes.active.peaks import completed
from probes.active.plausible import untrue
from probes.active.simulated import SimulatedOrder
from probes.active.task import Task
from probes.active.trial import Trial
from probes.bench_gpu import BenchGpu

ReadNow = Callable[[str, Tier], Awaitable[None]]
"""Has one tier of one GPU read; raises CollectorError."""
Bench = Callable[[str, str], Awaitable[BenchGpu]]
"""What a probe finds on a simulated GPU; raises CollectorError."""
_MOST = 2.0
"""GPU-seconds that a run without an answer is taken to have cost, at most: what it was allowed to."""
_UNCORRECTED = "uncorrected"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """What a run needs from outside.

    Attributes:
        start: starts a child of this module, which reads these bytes.
        view: the newest view of a GPU, None if it is not known any more.
        bench: asked only where the GPUs are simulated.
        wall: seconds since 1970.
    """

    start: Callable[[str, bytes], Process]
    read_now: ReadNow
    view: Callable[[str], GpuView | None]
    bench: Bench
    wall: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        child: the module that runs in the child.
        budget: GPU-seconds that it may take.
        deadline: seconds.
    """

    child: str
    uuid: str
    task: Task
    facts: Facts
    peer: str | None
    budget: float
    deadline: float

    @property
    def target(self) -> str:
        """What the child is to choose: the GPU, or its MIG instance."""
        return self.facts.instance or self.uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of it.

    Attributes:
        trial: None if it was stopped on our own wish, which says nothing.
        left: the process, if it could not be ended.
    """

    trial: Trial | None
    left: Process | None = None


async def run(lab: Lab, plan: Plan, stop: asyncio.Event) -> Run:
    """Carry out *plan*; *stop* ends it."""
    at = lab.wall()
    before = await _memory_errors(lab, plan.uuid)
    context = _context(lab.view(plan.uuid), before)
    order = _order(plan)
    try:
        message = await _message(lab, plan, order)
    except CollectorError as error:
        ended = Ended(end=End.NOT_STARTED, words=str(error))
    else:
        if stop.is_set():
            return Run(trial=None)
        ended = await live(partial(lab.start, plan.child), message, plan.deadline, stop)
    if ended.end is End.STOPPED:
        return Run(trial=None, left=ended.left)
    after = await _memory_errors(lab, plan.uuid)
    await _forget_child(lab, plan.uuid)
    trial = _trial(order, ended, at, lab.view(plan.uuid))
    trial = replace(
        trial,
        ecc_errors=0.0 if before is None or after is None else max(after - before, 0.0),
        trace_id=secrets.token_hex(16),
        context={**context, "uncorrected_after": after, **_clocks(trial)},
    )
    return Run(trial=_compared(trial, plan), left=ended.left)


def _order(plan: Plan) -> Order:
    return Order(
        probe=plan.task.probe,
        uuid=plan.target,
        peer=plan.peer,
        seed=secrets.randbits(32),
        nonce="".join(secrets.choice(_LETTERS) for _ in range(8)),
        probe_class=plan.task.probe_class,
        budget_gpu_seconds=plan.budget,
    )


async def _message(lab: Lab, plan: Plan, order: Order) -> bytes:
    if plan.child != SIMULATED:
        return msgspec.json.encode(order) + b"\n"
    gpu = await lab.bench(plan.uuid, order.probe.value)
    return msgspec.json.encode(SimulatedOrder(order=order, gpu=gpu)) + b"\n"


def _trial(order: Order, ended: Ended, at: float, view: GpuView | None) -> Trial:
    """What the child's end and its words come to."""
    if ended.end is not End.ANSWERED:
        return _error(ended, at, ended.end.value, ended.words or f"the child {ended.end.value}")
    try:
        result = completed(read(ended.printed, order), view)
    except NoAnswer as error:
        return _error(ended, at, error.why, str(error))
    wrong = untrue(result)
    if wrong:
        return replace(_error(ended, at, "untrue", wrong), outcome=Outcome.INVALID)
    return Trial(
        at=at,
        outcome=result.outcome,
        reason=result.reason.value,
        message=result.message,
        result=result,
        gpu_seconds=result.gpu_seconds,
    )


def _error(ended: Ended, at: float, reason: str, message: str) -> Trial:
    """No answer: how long the GPU was kept busy nobody knows, so all of the time counts."""
    spent = 0.0 if ended.end is End.NOT_STARTED else min(ended.seconds, _MOST)
    return Trial(at=at, outcome=Outcome.ERROR, reason=reason, message=message, gpu_seconds=spent)


def _compared(trial: Trial, plan: Plan) -> Trial:
    result = trial.result
    restless = result is not None and result.context.settled is False
    return replace(trial, compared=not plan.facts.compute and not restless)


def _clocks(trial: Trial) -> dict[str, str | float | None]:
    """The SM clock as the probe's kernels saw it."""
    if trial.result is None:
        return {}
    seen = trial.result.context
    return {"probe_sm_hertz": seen.sm_hertz_before, "probe_sm_hertz_after": seen.sm_hertz_after}


async def _memory_errors(lab: Lab, uuid: str) -> float | None:
    """Uncorrectable memory errors so far, read now; None if the GPU cannot tell."""
    try:
        await lab.read_now(uuid, Tier.SLOW)
    except CollectorError:
        return None
    view = lab.view(uuid)
    found = view.labelled(ecc.ERRORS) if view else {}
    counts = [value for (kind, _), value in found.items() if kind == _UNCORRECTED]
    return sum(counts) if counts else None


async def _forget_child(lab: Lab, uuid: str) -> None:
    """Have the processes read anew: the last reading may hold our own child, which the next probe would take for a tenant."""
    with contextlib.suppress(CollectorError):
        await lab.read_now(uuid, Tier.FAST)


def _context(view: GpuView | None, uncorrected: float | None) -> dict[str, str | float | None]:
    """What the GPU was like before the run."""
    if view is None:
        return {}
    reasons = sorted(name for (name,), on in view.labelled(clocks.EVENT_ACTIVE).items() if on)
    return {
        "sm_hertz": view.value(clocks.CLOCK, "sm"),
        "memory_hertz": view.value(clocks.CLOCK, "memory"),
        "performance_state": view.value(clocks.PERFORMANCE_STATE),
        "clock_reasons": " ".join(reasons),
        "celsius": view.value(temperature.TEMPERATURE, "gpu"),
        "watts": view.value(power.NOW),
        "pcie_generation": view.value(pcie.GENERATION),
        "pcie_width": view.value(pcie.WIDTH),
        "uncorrected_before": uncorrected,
        **environment(view),
    }
