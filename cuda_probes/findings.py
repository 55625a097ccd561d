"""What a probe found: the part of a result that is the probe's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from catalog.probe import Latency, Measurement, Mismatch
from cuda_probes.run import Run

KEPT = 16
"""Wrong answers that are told one by one; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a probe found."""

    measurements: tuple[Measurement, ...] = ()
    latencies: tuple[Latency, ...] = ()
    sms_covered: int | None = None
    verified_bytes: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    mismatch_count: int = 0


Probing = Callable[[Run], Findings]
"""A probe."""


def bandwidth(
    name: str, size: int, seconds: Sequence[float], peak: float | None = None
) -> Measurement:
    """The bandwidth of *size* bytes moved in each of *seconds*."""
    middle = median(seconds)
    low, _, high = quantiles(seconds, n=4)
    return Measurement(
        name=name,
        bytes_per_second=size / middle,
        peak=peak,
        spread=(high - low) / middle,
        repeats=len(seconds),
    )
