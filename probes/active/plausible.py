"""Whether a result can be true. What lies above the hardware's peak is a bug of the probe, not a fast GPU."""

import math
from collections.abc import Iterator

from catalog.probe import Latency, Measurement, Outcome, Result

_SLOWEST = 10.0
"""Seconds; a launch that took longer would have passed the deadline."""


def untrue(result: Result) -> str:
    """What in *result* cannot be true; empty if all of it can."""
    return next(_untrue(result), "")


def _untrue(result: Result) -> Iterator[str]:
    for measured in result.measurements:
        yield from _bandwidth(measured)
    for latency in result.latencies:
        yield from _latency(latency)
    if result.sms_covered is not None and result.sms_covered > (result.context.sms or math.inf):
        yield f"{result.sms_covered} SMs answered, of {result.context.sms}"
    if (
        min(result.verified_bytes, result.mismatch_count) < 0
        or not 0 <= result.gpu_seconds < math.inf
    ):
        yield "a count below 0"
    if result.outcome is Outcome.SUCCESS and result.mismatch_count:
        yield f"success with {result.mismatch_count} wrong answers"


def _bandwidth(measured: Measurement) -> Iterator[str]:
    value = measured.bytes_per_second
    if not _positive(value):
        yield f"{measured.name}: {value:g} B/s"
    elif measured.peak is not None and value > measured.peak:
        yield f"{measured.name}: {value:.4g} B/s is above the peak, {measured.peak:.4g}"


def _latency(latency: Latency) -> Iterator[str]:
    if not all(_positive(value) and value < _SLOWEST for value in latency.seconds):
        yield f"{latency.name}: a latency of 0, below, or above {_SLOWEST:.0f} s"


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0
