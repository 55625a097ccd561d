"""Whether device memory keeps what was written: patterns go out, come back, and every bit is compared.

A small run writes one tile, a large one sweeps what is free. A tile is hardly larger than a second-level cache, which may
have kept some of it: a small run tests the way to memory more than memory itself.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

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
_REPORT_BYTES = 8 + KEPT * 24


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

Pieces = Sequence[tuple[int, int]]
"""Address and size of each."""

Disturbance = Callable[[Pattern, Pieces], None]
"""Called between writing and reading: how tests flip a bit."""


def probe(run: Run, disturb: Disturbance | None = None) -> Findings:
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


def _cut(run: Run, pieces: Pieces) -> list[tuple[int, int]]:
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
        self._reports = run.gpu.allocate(len(PATTERNS) * _REPORT_BYTES)

    def held(self, seed: int, disturb: Disturbance | None = None) -> Findings:
        """Every pattern once."""
        self._run.gpu.upload(self._reports, bytes(len(PATTERNS) * _REPORT_BYTES))
        if disturb is not None:
            held = self._disturbed(seed, disturb)
        elif self._run.small:
            held = self._at_once(seed)
        else:
            held = self._one_by_one(seed)
        return self._findings(held)

    def _at_once(self, seed: int) -> int:
        # In one queue: each time that the host waits, a tenant pays for the GPU to change sides twice.
        works = [
            work
            for pattern in range(len(PATTERNS))
            for work in (*self._written(pattern, seed), *self._verified(pattern, seed))
        ]
        self._run.timed(works)
        return len(PATTERNS)

    def _one_by_one(self, seed: int) -> int:
        for pattern in range(len(PATTERNS)):
            spent = self._run.gpu_seconds
            self._run.timed([*self._written(pattern, seed), *self._verified(pattern, seed)])
            if self._run.left < self._run.gpu_seconds - spent:
                return pattern + 1
        return len(PATTERNS)

    def _disturbed(self, seed: int, disturb: Disturbance) -> int:
        for number, pattern in enumerate(PATTERNS):
            self._run.timed(self._written(number, seed))
            disturb(pattern, self._pieces)
            self._run.timed(self._verified(number, seed))
        return len(PATTERNS)

    def _written(self, pattern: int, seed: int) -> list[Work]:
        words = _words(pattern, seed)
        return [
            partial(self._write.launch, _blocks(size), _THREADS, address, size // 16, *words)
            for address, size in self._launches
        ]

    def _verified(self, pattern: int, seed: int) -> list[Work]:
        report = self._reports + pattern * _REPORT_BYTES
        end = (*_words(pattern, seed), KEPT, report)
        return [
            partial(self._verify.launch, _blocks(size), _THREADS, address, size // 16, *end)
            for address, size in self._launches
        ]

    def _findings(self, held: int) -> Findings:
        reports = self._run.gpu.download(self._reports, len(PATTERNS) * _REPORT_BYTES)
        found: list[Mismatch] = []
        wrong = 0
        for number, pattern in enumerate(PATTERNS[:held]):
            report = reports[number * _REPORT_BYTES :][:_REPORT_BYTES]
            (count,) = struct.unpack_from("<Q", report)
            wrong += count
            told = struct.iter_unpack("<QQQ", report[8 : 8 + 24 * min(count, KEPT - len(found))])
            found += [
                Mismatch(
                    test=pattern.name,
                    offset=_offset(address, self._pieces),
                    expected=expected,
                    found=value,
                )
                for address, expected, value in told
            ]
        size = sum(size for _, size in self._pieces)
        return Findings(
            verified_bytes=held * size - 8 * wrong, mismatches=tuple(found), mismatch_count=wrong
        )


def _words(pattern: int, seed: int) -> tuple[int, int, int]:
    """Pattern, inversion and seed: what the kernels make each word of."""
    what = PATTERNS[pattern]
    return what.kernel, _ONES if what.inverted else 0, seed & _ONES


def _blocks(size: int) -> int:
    return size // _BLOCK_BYTES


def _offset(address: int, pieces: Pieces) -> int:
    before = 0
    for begin, size in pieces:
        if begin <= address < begin + size:
            return before + address - begin
        before += size
    raise ValueError(f"{address:#x} is in no piece")
