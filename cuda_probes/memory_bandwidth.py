"""How fast device memory is read, written and copied, by kernels and by the driver's own copy.

It goes round in 4 GiB, so that no cache can hold what comes next.
"""

from collections.abc import Callable

from catalog.errors import ProbeError
from catalog.probe import Measurement, Reason
from cuda_probes.findings import Findings, bandwidth
from cuda_probes.ptx import ptx
from cuda_probes.run import Run, Work

REGION = 4 << 30
_WORD = 16
_THREADS = 256
_TILE = _THREADS * 8 * _WORD
"""What one block reads at a time; as in kernels/bandwidth.cu."""
_LEAST_REPEATS = 20
_SHARE_OF_LAUNCH = 0.75
"""A launch is planned for this share of the time that it may take."""
_SLOW = 100e9
"""Bytes a second that any GPU reaches; for those that do not tell their peak."""
_NEVER = 0x5EED
"""A sum of words that cannot be: see `read_words`."""

_Kind = Callable[[int, int], Work]
"""Makes the work on so many bytes from an offset on."""


def probe(run: Run) -> Findings:
    """Read, write, copy and driver copy, each the median of 20 launches or more."""
    # A power of two, so that it can be halved into pieces.
    region = max(1 << ((run.order.limits.memory_bytes or REGION).bit_length() - 1), 2 * _TILE)
    if run.gpu.free_bytes() < region:
        raise ProbeError(
            Reason.OUT_OF_MEMORY,
            f"{region >> 20} MiB are needed, {run.gpu.free_bytes() >> 20} MiB are free",
        )
    bench = _Bench(run, region)
    bench.each(bench.write, region)  # so that no reading meets untouched memory
    half = region // 2
    return Findings(
        measurements=(
            bench.measured("read", bench.read, region),
            bench.measured("write", bench.write, region),
            bench.measured("copy", bench.copy, half, traffic=2),
            bench.measured("driver_copy", bench.driver_copy, half, traffic=2),
        )
    )


class _Bench:
    def __init__(self, run: Run, region: int) -> None:
        self._run, self._region = run, region
        self._at = run.gpu.allocate(region)
        self._sink = run.gpu.allocate(4)
        kernels = run.gpu.kernels(
            ptx("bandwidth"), {"read_words": "PQIP", "write_words": "PQI", "copy_words": "PQP"}
        )
        self._read, self._write = kernels["read_words"], kernels["write_words"]
        self._copy = kernels["copy_words"]

    def read(self, offset: int, size: int) -> Work:
        return lambda: self._read.launch(
            size // _TILE, _THREADS, self._at + offset, size // _WORD, _NEVER, self._sink
        )

    def write(self, offset: int, size: int) -> Work:
        seed = self._run.order.seed & 0xFFFFFFFF
        return lambda: self._write.launch(
            size // _WORD // _THREADS, _THREADS, self._at + offset, size // _WORD, seed
        )

    def copy(self, offset: int, size: int) -> Work:
        source, to = self._at + offset, self._at + self._region // 2 + offset
        return lambda: self._copy.launch(
            size // _WORD // _THREADS, _THREADS, source, size // _WORD, to
        )

    def driver_copy(self, offset: int, size: int) -> Work:
        source, to = self._at + offset, self._at + self._region // 2 + offset
        return lambda: self._run.gpu.copy(to, source, size)

    def each(self, kind: _Kind, span: int, traffic: int = 1) -> tuple[int, tuple[float, ...]]:
        size = self._piece(span, traffic)
        pieces = [kind(offset, size) for offset in range(0, span, size)]
        rounds = -(-_LEAST_REPEATS // len(pieces))
        # One more in front: the first launch of a kernel waits for its code.
        return size, self._run.timed([pieces[-1], *pieces * rounds])[1:]

    def measured(self, name: str, kind: _Kind, span: int, traffic: int = 1) -> Measurement:
        size, seconds = self.each(kind, span, traffic)
        return bandwidth(name, size * traffic, seconds, self._run.gpu.facts.peak)

    def _piece(self, span: int, traffic: int) -> int:
        peak = self._run.gpu.facts.peak or _SLOW
        most = peak * self._run.order.limits.launch_seconds * _SHARE_OF_LAUNCH / traffic
        size = span
        while size > most and size > _TILE:
            size //= 2
        return size
