"""Whether every SM computes right: integers, FP32 and FP64, and the tensor cores, each asked on every SM.

Exact tests have a known answer. The mantissa tests use operands of which every bit counts: what most SMs answer is right.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from catalog.errors import ProbeError
from catalog.probe import Mismatch, Reason
from cuda_probes.arithmetic import EXPECTED, WARPS, Digests
from cuda_probes.findings import KEPT, Findings
from cuda_probes.gpu import Kernel
from cuda_probes.ptx import ptx
from cuda_probes.run import Run, Work

_THREADS = 256
_ATTEMPTS = 50
"""Launches until the last SM has answered; on an idle GPU the first is enough."""
NO_SM = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """One test.

    Attributes:
        kernel: its name, and that of its answer.
        file: where the kernel is.
        bits: how many of the lower bits of its constant matter: any of them may be flipped to break it.
        since: the compute capability that has the instructions.
    """

    kernel: str
    file: str
    bits: int
    since: tuple[int, int] = (7, 5)


TESTS = (
    Arithmetic(kernel="integer", file="scalar", bits=32),
    Arithmetic(kernel="fp32", file="scalar", bits=8),
    Arithmetic(kernel="fp64", file="scalar", bits=21),
    Arithmetic(kernel="fp32_mantissa", file="scalar", bits=23),
    Arithmetic(kernel="fp64_mantissa", file="scalar", bits=32),
    Arithmetic(kernel="tensor_fp16", file="tensor", bits=8),
    Arithmetic(kernel="tensor_fp16_mantissa", file="tensor", bits=10),
    Arithmetic(kernel="tensor_int8", file="tensor", bits=7),
    Arithmetic(kernel="tensor_bf16", file="tensor_ampere", bits=5, since=(8, 0)),
    Arithmetic(kernel="tensor_bf16_mantissa", file="tensor_ampere", bits=7, since=(8, 0)),
    Arithmetic(kernel="tensor_tf32", file="tensor_ampere", bits=8, since=(8, 0)),
    Arithmetic(kernel="tensor_fp64", file="tensor_ampere", bits=8, since=(8, 0)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How tests break one SM: a flipped bit in the constant of one arithmetic test."""

    kernel: str
    sm: int
    flip: int


Answers = dict[int, set[Digests]]
"""SM -> what it answered: more than once if it ran more than one block and they differ."""


def probe(run: Run, fault: Fault | None = None) -> Findings:
    """Every test that this GPU can do, on every SM."""
    return Exam(run).held(run.order.seed, fault)


class Exam:
    """The tests, compiled once; they can be held many times."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tests = [test for test in TESTS if run.gpu.facts.capability >= test.since]
        self._kernels: dict[str, Kernel] = {}
        for file in dict.fromkeys(test.file for test in self._tests):
            names = [test.kernel for test in self._tests if test.file == file]
            self._kernels.update(run.gpu.kernels(ptx(file), dict.fromkeys(names, "IIIPP")))
        self._blocks = run.gpu.facts.sms
        self._sheet_bytes = self._blocks * (8 * WARPS + 4)
        self._sheets = run.gpu.allocate(len(self._tests) * self._sheet_bytes)

    def held(self, seed: int, fault: Fault | None = None) -> Findings:
        """Every test once."""
        seed &= 0xFFFFFFFF
        given = self._asked(seed, fault)
        found = [wrong for test in self._tests for wrong in _wrong(test, seed, given[test])]
        return Findings(
            sms_covered=len(set.intersection(*(set(answers) for answers in given.values()))),
            mismatches=tuple(found[:KEPT]),
            mismatch_count=len(found),
        )

    def _asked(self, seed: int, fault: Fault | None) -> dict[Arithmetic, Answers]:
        given: dict[Arithmetic, Answers] = {test: {} for test in self._tests}
        missing = self._tests
        for _ in range(_ATTEMPTS):
            # In one queue: each time that the host waits, a tenant pays for the GPU to change sides twice.
            self._run.timed([self._launch(test, seed, fault) for test in missing])
            sheets = self._run.gpu.download(self._sheets, len(self._tests) * self._sheet_bytes)
            for test in missing:
                begin = self._tests.index(test) * self._sheet_bytes
                for sm, digests in self._read(sheets[begin : begin + self._sheet_bytes]):
                    given[test].setdefault(sm, set()).add(digests)
            missing = [test for test in missing if len(given[test]) < self._blocks]
            if not missing:
                return given
        raise ProbeError(
            Reason.DRIVER_ERROR,
            f"{len(given[missing[0]])} of {self._blocks} SMs answered {missing[0].kernel} "
            f"in {_ATTEMPTS} launches",
        )

    def _launch(self, test: Arithmetic, seed: int, fault: Fault | None) -> Work:
        broken = fault is not None and fault.kernel == test.kernel
        sm, flip = (fault.sm, fault.flip) if fault and broken else (NO_SM, 0)
        answers = self._sheets + self._tests.index(test) * self._sheet_bytes
        sms = answers + 8 * WARPS * self._blocks
        launch = self._kernels[test.kernel].launch
        return partial(launch, self._blocks, _THREADS, seed, sm, flip, sms, answers)

    def _read(self, sheet: bytes) -> Iterator[tuple[int, Digests]]:
        begin = 8 * WARPS * self._blocks
        sms = struct.unpack(f"<{self._blocks}I", sheet[begin:])
        return zip(sms, struct.iter_unpack(f"<{WARPS}Q", sheet[:begin]), strict=True)


def _wrong(test: Arithmetic, seed: int, answers: Answers) -> Iterator[Mismatch]:
    right = _right(test, seed, answers)
    for sm, given in sorted(answers.items()):
        for answer in sorted(given - {right}):
            warp = next(i for i in range(WARPS) if answer[i] != right[i])
            yield Mismatch(test=test.kernel, sm=sm, expected=right[warp], found=answer[warp])


def _right(test: Arithmetic, seed: int, answers: Answers) -> Digests:
    if test.kernel in EXPECTED:
        return EXPECTED[test.kernel](seed)
    return Counter(answer for given in answers.values() for answer in given).most_common(1)[0][0]
