"""Whether every SM computes right: integers, FP32 and FP64, and the tensor cores, each asked on every SM.

Exact tests have a known answer. The mantissa tests use operands of which every bit counts: what most SMs answer is right.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.errors import ProbeError
from catalog.probe import Mismatch, Reason
from cuda_probes.arithmetic import EXPECTED, WARPS, Digests
from cuda_probes.driver import Kernel
from cuda_probes.findings import KEPT, Findings
from cuda_probes.ptx import ptx
from cuda_probes.run import Run

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
        self._sms = run.gpu.allocate(4 * self._blocks)
        self._answers = run.gpu.allocate(8 * WARPS * self._blocks)

    def held(self, seed: int, fault: Fault | None = None) -> Findings:
        """Every test once."""
        found: list[Mismatch] = []
        covered: list[set[int]] = []
        for test in self._tests:
            answers = self._asked(test, seed & 0xFFFFFFFF, fault)
            covered.append(set(answers))
            found += _wrong(test, seed & 0xFFFFFFFF, answers)
        return Findings(
            sms_covered=len(set.intersection(*covered)),
            mismatches=tuple(found[:KEPT]),
            mismatch_count=len(found),
        )

    def _asked(self, test: Arithmetic, seed: int, fault: Fault | None) -> dict[int, set[Digests]]:
        """What each SM answered; more than one answer if it ran more than one block and they differ."""
        broken = fault is not None and fault.kernel == test.kernel
        sm, flip = (fault.sm, fault.flip) if fault and broken else (NO_SM, 0)
        kernel, blocks = self._kernels[test.kernel], self._blocks
        answers: dict[int, set[Digests]] = {}
        for _ in range(_ATTEMPTS):
            self._run.timed(
                [lambda: kernel.launch(blocks, _THREADS, seed, sm, flip, self._sms, self._answers)]
            )
            for number, digests in self._read():
                answers.setdefault(number, set()).add(digests)
            if len(answers) >= blocks:
                return answers
        raise ProbeError(
            Reason.DRIVER_ERROR,
            f"{len(answers)} of {blocks} SMs answered {test.kernel} in {_ATTEMPTS} launches",
        )

    def _read(self) -> Iterator[tuple[int, Digests]]:
        sms = struct.unpack(
            f"<{self._blocks}I", self._run.gpu.download(self._sms, 4 * self._blocks)
        )
        answers = self._run.gpu.download(self._answers, 8 * WARPS * self._blocks)
        return zip(sms, struct.iter_unpack(f"<{WARPS}Q", answers), strict=True)


def _wrong(test: Arithmetic, seed: int, answers: dict[int, set[Digests]]) -> Iterator[Mismatch]:
    right = _right(test, seed, answers)
    for sm, given in sorted(answers.items()):
        for answer in sorted(given - {right}):
            warp = next(i for i in range(WARPS) if answer[i] != right[i])
            yield Mismatch(test=test.kernel, sm=sm, expected=right[warp], found=answer[warp])


def _right(test: Arithmetic, seed: int, answers: dict[int, set[Digests]]) -> Digests:
    if test.kernel in EXPECTED:
        return EXPECTED[test.kernel](seed)
    return Counter(answer for given in answers.values() for answer in given).most_common(1)[0][0]
