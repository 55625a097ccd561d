"""Waits until the SM clock has settled: an idle GPU runs at a fraction of its clock, and raises it once there is work."""

import struct
import time
from dataclasses import dataclass

from cuda_probes.ptx import ptx
from cuda_probes.run import Run

_STEADY = 3
_TOLERANCE = 0.02
_SMALL_NS, _SMALL_PAUSE = 20_000, 0.002
"""Beside a tenant one block spins for 20 µs every 2 ms: 3 ms of GPU time at most."""
_LARGE_NS = 500_000
"""On an idle GPU every SM spins, without a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How the clock came to rest.

    Attributes:
        hertz: the last reading.
        settled: whether the last three were within 2 %.
    """

    hertz: float
    settled: bool


class SmClock:
    """The SM clock as a kernel sees it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kernel = run.gpu.kernel(ptx("clock"), "sm_clock", "IP")
        self._answer = run.gpu.allocate(16)

    def hertz(self) -> float:
        """Cycles a second over a few microseconds of spinning."""
        small = self._run.small
        blocks, nanoseconds = (1, _SMALL_NS) if small else (self._run.gpu.facts.sms, _LARGE_NS)
        self._run.timed([lambda: self._kernel.launch(blocks, 32, nanoseconds, self._answer)])
        cycles, spent = struct.unpack("<QQ", self._run.gpu.download(self._answer, 16))
        return float(cycles * 1e9 / spent)

    def settle(self) -> Settled:
        """Keep the GPU awake until three readings in a row agree, or the order's time for it is over."""
        began = self._run.clock()
        readings: list[float] = []
        while True:
            readings.append(self.hertz())
            last = readings[-_STEADY:]
            steady = len(last) == _STEADY and max(last) < min(last) * (1 + _TOLERANCE)
            late = self._run.clock() - began > self._run.order.limits.warm_up_seconds
            if steady or late:
                return Settled(hertz=readings[-1], settled=steady)
            if self._run.small:
                time.sleep(_SMALL_PAUSE)
