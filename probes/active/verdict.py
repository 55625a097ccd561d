"""What a result says of the GPU.

A wrong answer or an uncorrectable memory error has failed, at once. A bandwidth below its floor is degraded by itself.
Otherwise it takes two of three signals: nearly at the floor, worse than the GPU's own baseline, worse than its peers on the
node. Where there are no peers to compare with, its own baseline in three runs in a row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from catalog.probe import Outcome, Reason, Result
from probes.active import baseline
from probes.active.floors import Floor
from probes.active.record import Health, Record, Seen

_PEERS = 3
"""Fewer GPUs of the same model say nothing."""
_IN_A_ROW = 3
_SIGNALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One number that a verdict is about.

    Attributes:
        peers: what it is on the other GPUs of this model on the node.
    """

    name: str
    value: float
    peak: float | None = None
    floor: Floor | None = None
    peers: Sequence[float] = ()
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with its reasons, and what was learned for the next."""

    health: Health
    why: tuple[str, ...]
    baselines: Mapping[str, tuple[float, ...]]
    low_runs: Mapping[str, int]
    seen: Mapping[str, Seen]


LAUNCH = "launch"
"""The latency that is judged: what the host waits for."""


def launches(result: Result) -> tuple[float, ...]:
    """Seconds of every launch that was timed."""
    return next((each.seconds for each in result.latencies if each.name == LAUNCH), ())


def judge(
    result: Result,
    quantities: Sequence[Quantity],
    record: Record,
    *,
    ecc_errors: float = 0,
    compared: bool = True,
) -> Judgement:
    """The verdict on *result*.

    Args:
        result: one that can be true, and has an outcome of success or failure.
        quantities: what it measured.
        record: what was known before, its baselines fitting the environment.
        ecc_errors: uncorrectable memory errors during the run.
        compared: whether it was measured in peace; if not, only what is wrong in itself counts.
    """
    seen = {
        each.name: Seen(
            value=each.value,
            share=None if each.peak is None else each.value / each.peak,
            compared=compared,
        )
        for each in quantities
    }
    failures = _failures(result, ecc_errors)
    low = _low_runs(quantities, record, compared=compared)
    if failures:
        return _judgement(Health.FAILED, failures, record, low, seen)
    below = tuple(f"{each.name} below the floor" for each in quantities if _below(each))
    if below:
        return _judgement(Health.DEGRADED, below, record, low, seen)
    signals = {each.name: _signals(each, low) for each in quantities} if compared else {}
    why = tuple(
        f"{each.name} {' and '.join(signals[each.name])}"
        for each in quantities
        if each.name in signals and _convicts(each, signals[each.name], low)
    )
    if why:
        return _judgement(Health.DEGRADED, why, record, low, seen)
    learned = _learned(quantities, record, signals) if compared else record.baselines
    return Judgement(health=Health.HEALTHY, why=(), baselines=learned, low_runs=low, seen=seen)


def _judgement(
    health: Health,
    why: tuple[str, ...],
    record: Record,
    low: Mapping[str, int],
    seen: Mapping[str, Seen],
) -> Judgement:
    """A verdict from which no baseline is learned."""
    return Judgement(health=health, why=why, baselines=record.baselines, low_runs=low, seen=seen)


def _failures(result: Result, ecc_errors: float) -> tuple[str, ...]:
    found = []
    if (
        result.mismatch_count
        or result.outcome is Outcome.FAILED
        or result.reason is Reason.UNCORRECTABLE_ECC
    ):
        found.append(result.message or f"{result.mismatch_count} wrong answers")
    if ecc_errors > 0:
        found.append(f"{ecc_errors:.0f} uncorrectable memory errors during the run")
    return tuple(found)


def _below(each: Quantity) -> bool:
    return each.floor is not None and each.value < each.floor.degraded


def _low_runs(
    quantities: Sequence[Quantity], record: Record, *, compared: bool
) -> Mapping[str, int]:
    """Runs in a row, this one included, that deviate from the own baseline."""
    if not compared:
        return record.low_runs
    return {
        each.name: record.low_runs.get(each.name, 0) + 1
        for each in quantities
        if _off(each, record.baselines.get(each.name, ()))
    }


def _off(each: Quantity, values: Sequence[float]) -> bool:
    return baseline.learned(values) and baseline.worse(
        each.value, values, higher_is_better=each.higher_is_better
    )


def _signals(each: Quantity, low: Mapping[str, int]) -> tuple[str, ...]:
    found = []
    if each.floor is not None and each.value < each.floor.warning:
        found.append("close to the floor")
    if each.name in low:
        found.append("worse than its baseline")
    if len(each.peers) >= _PEERS and baseline.worse(
        each.value, each.peers, higher_is_better=each.higher_is_better
    ):
        found.append("worse than its peers")
    return tuple(found)


def _convicts(each: Quantity, signals: Collection[str], low: Mapping[str, int]) -> bool:
    if len(signals) >= _SIGNALS:
        return True
    return len(each.peers) < _PEERS and low.get(each.name, 0) >= _IN_A_ROW


def _learned(
    quantities: Sequence[Quantity], record: Record, signals: Mapping[str, Collection[str]]
) -> Mapping[str, tuple[float, ...]]:
    """The baselines with one more run, where they are not complete and nothing speaks against it."""
    learned = dict(record.baselines)
    for each in quantities:
        values = tuple(learned.get(each.name, ()))
        if not baseline.learned(values) and not signals[each.name]:
            learned[each.name] = (*values, each.value)
    return learned
