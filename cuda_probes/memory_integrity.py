"""Whether device memory keeps what was written: patterns go out, come back, and every bit is compared.

A small run writes one tile, a large one sweeps what is free. A tile is hardly larger than a second-level cache, which may
have kept some of it: a small run tests the way to memory more than memory itself.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog.errors import ProbeError
from catalog.probe import Mismatch, Reason
from cuda_probes.findings import KEPT, Findings
from cuda_probes.ptx import ptx
from cuda_probes.run import Run, Work

TILE_BYTES = 64 << 20
_PIECE = 1 << 30
_THREADS = 256
_BLOCK_BYTES = _THREADS * 4 * 16
"""What one block checks at a time; as in kernels/pattern.cu."""
_SHARE_OF_LAUNCH = 0.4
_SLOW = 100e9
_ONES = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What is written. `kernel` is its number in kernels/pattern.cu."""

    name: str
    kernel: int
    inverted: bool


PATTERNS = tuple(
    Pattern(name=f"{name}_inverted" if inverted else name, kernel=kernel, inverted=inverted)
    for kernel, name in enumerate(("address", "walking_bit", "random"))
    for inverted in (False, True)
)
"""The walking bit is at another place of each word with each seed: 64 consecutive seeds take it through all."""

_Words = tuple[int, int, int]
"""Pattern, inversion and seed: what the kernels make each word of."""

Disturbance = Callable[[Pattern, Sequence[tuple[int, int]]], None]
"""Called between writing and reading with the (address, size) of all pieces: how tests flip a bit."""


def probe(run: Run, disturb: Disturbance = lambda _pattern, _pieces: None) -> Findings:
    """Every pattern over the whole region; a large run ends early rather than overspend."""
    return Sweep(run).held(run.order.seed, disturb)


def _pieces(run: Run) -> list[tuple[int, int]]:
    asked = run.order.limits.memory_bytes
    if run.small:
        size = max((asked or TILE_BYTES) // _BLOCK_BYTES, 1) * _BLOCK_BYTES
        return [(run.gpu.allocate(size), size)]
    total = run.gpu.facts.memory_bytes
    room = run.gpu.free_bytes() - max(total // 10, 4 << 30)
    room = room if asked is None else min(room, asked)
    pieces = []
    while room >= _PIECE:
        try:
            pieces.append((run.gpu.allocate(_PIECE), _PIECE))
        except ProbeError as error:
            # Somebody else was faster: what we have is enough.
            if error.reason is not Reason.OUT_OF_MEMORY:
                raise
            break
        room -= _PIECE
    if not pieces:
        raise ProbeError(Reason.OUT_OF_MEMORY, "less than 1 GiB may be taken for a sweep")
    return pieces


def _cut(run: Run, pieces: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pieces, so small that a launch over each is short enough."""
    peak = run.gpu.facts.peak or _SLOW
    most = peak * run.order.limits.launch_seconds * _SHARE_OF_LAUNCH
    step = _PIECE
    while step > most and step > _BLOCK_BYTES:
        step //= 2
    return [
        (address + offset, min(step, size - offset))
        for address, size in pieces
        for offset in range(0, size, step)
    ]


class Sweep:
    """A region of memory and the kernels that test it; it can be tested many times."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pieces = _pieces(run)
        self._launches = _cut(run, self._pieces)
        kernels = run.gpu.kernels(
            ptx("pattern"), {"pattern_write": "PQIQQ", "pattern_verify": "PQIQQIP"}
        )
        self._write, self._verify = kernels["pattern_write"], kernels["pattern_verify"]
        self._report = run.gpu.allocate(8 + KEPT * 24)
        self._clear()

    def held(self, seed: int, disturb: Disturbance = lambda _pattern, _pieces: None) -> Findings:
        """Every pattern once."""
        run = self._run
        size = sum(size for _, size in self._pieces)
        found: list[Mismatch] = []
        verified = count = 0
        for pattern in PATTERNS:
            spent = run.gpu_seconds
            words = (pattern.kernel, _ONES if pattern.inverted else 0, seed & _ONES)
            run.timed([self._written(words, *launch) for launch in self._launches])
            disturb(pattern, self._pieces)
            run.timed([self._verified(words, *launch) for launch in self._launches])
            wrong, told = self._wrong(pattern)
            found += told[: KEPT - len(found)]
            count += wrong
            verified += size - 8 * wrong
            if not run.small and run.left < run.gpu_seconds - spent:
                break
        return Findings(verified_bytes=verified, mismatches=tuple(found), mismatch_count=count)

    def _written(self, words: _Words, address: int, size: int) -> Work:
        return lambda: self._write.launch(
            size // _BLOCK_BYTES, _THREADS, address, size // 16, *words
        )

    def _verified(self, words: _Words, address: int, size: int) -> Work:
        return lambda: self._verify.launch(
            size // _BLOCK_BYTES, _THREADS, address, size // 16, *words, KEPT, self._report
        )

    def _clear(self) -> None:
        self._run.gpu.upload(self._report, bytes(8))

    def _wrong(self, pattern: Pattern) -> tuple[int, list[Mismatch]]:
        """How many words were wrong since the last time, and the first of them."""
        report = self._run.gpu.download(self._report, 8 + KEPT * 24)
        (count,) = struct.unpack_from("<Q", report)
        if count == 0:
            return 0, []
        self._clear()
        told = struct.iter_unpack("<QQQ", report[8 : 8 + 24 * min(count, KEPT)])
        return count, [
            Mismatch(
                test=pattern.name,
                offset=_offset(address, self._pieces),
                expected=expected,
                found=found,
            )
            for address, expected, found in told
        ]


def _offset(address: int, pieces: Sequence[tuple[int, int]]) -> int:
    before = 0
    for begin, size in pieces:
        if begin <= address < begin + size:
            return before + address - begin
        before += size
    raise ValueError(f"{address:#x} is in no piece")
