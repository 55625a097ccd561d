"""What is found and what is not: injected bits, clean passes, and what a killed child leaves behind."""

import secrets
import time
from collections.abc import Sequence

from benchmarks.probes.children import Board, in_process, order, run, start, told
from catalog.probe import CLASSES, Outcome, Probe, ProbeClass
from cuda_probes.compute_integrity import TESTS, Exam, Fault
from cuda_probes.gpu import Gpu
from cuda_probes.memory_integrity import PATTERNS, TILE_BYTES, Pattern, Sweep

_INJECTED = 100
_PASSES = 1000
_CHILDREN = 20
_KILLS = 20


def injected(board: Board) -> None:
    """A hundred flipped bits in memory; a hundred in the constant of an arithmetic test, on one SM."""
    everywhere = in_process(order(Probe.MEMORY_INTEGRITY, board.uuid))
    gpu, sweep, exam = everywhere.gpu, Sweep(everywhere), Exam(everywhere)
    memory = sum(_flipped(gpu, sweep) for _ in range(_INJECTED))
    print(
        f"  memory: {memory} of {_INJECTED} found, at the place and in the bit they were",
        flush=True,
    )
    compute = sum(_corrupted(exam, gpu.facts.sms) for _ in range(_INJECTED))
    print(f"  compute: {compute} of {_INJECTED} found, on the SM they were")
    gpu.close()


def _flipped(gpu: Gpu, sweep: Sweep) -> bool:
    pattern = secrets.choice(PATTERNS)
    place, bit = secrets.randbelow(TILE_BYTES), secrets.randbelow(8)

    def flip(written: Pattern, pieces: Sequence[tuple[int, int]]) -> None:
        if written is pattern:
            address = pieces[0][0] + place
            gpu.upload(address, bytes([gpu.download(address, 1)[0] ^ 1 << bit]))

    found = sweep.held(secrets.randbits(64), flip)
    return [(m.test, m.offset, m.expected ^ m.found) for m in found.mismatches] == [
        (pattern.name, place & ~7, 1 << place % 8 * 8 + bit)
    ]


def _corrupted(exam: Exam, sms: int) -> bool:
    test = secrets.choice(TESTS)
    fault = Fault(
        kernel=test.kernel, sm=secrets.randbelow(sms), flip=1 << secrets.randbelow(test.bits)
    )
    found = exam.held(secrets.randbits(32), fault)
    return [(m.test, m.sm) for m in found.mismatches] == [(fault.kernel, fault.sm)]


def clean(board: Board) -> None:
    """A thousand passes of both integrity probes in one process, then twenty whole children of each kind."""
    long = in_process(order(Probe.MEMORY_INTEGRITY, board.uuid))
    long.gpu_seconds = -1e9  # a thousand runs in one have no budget
    sweep, exam = Sweep(long), Exam(long)
    began = time.monotonic()
    alarms = verified = 0
    for _ in range(_PASSES):
        memory, compute = sweep.held(secrets.randbits(64)), exam.held(secrets.randbits(32))
        alarms += memory.mismatch_count + compute.mismatch_count
        verified += memory.verified_bytes
    took = time.monotonic() - began
    print(
        f"  {_PASSES} passes in {took:.0f} s: {alarms} false alarms, {verified / 1e12:.2f} TB verified",
        flush=True,
    )
    long.gpu.close()
    for probe in (Probe.MEMORY_INTEGRITY, Probe.COMPUTE_INTEGRITY):
        for probe_class in sorted(CLASSES[probe]):
            _whole(board, probe, probe_class)


def _whole(board: Board, probe: Probe, probe_class: ProbeClass) -> None:
    before, results, walls = board.used_bytes(), [], []
    for _ in range(_CHILDREN):
        result, wall = run(order(probe, board.uuid, probe_class))
        results.append(result)
        walls.append(wall)
    failed = sum(result.outcome is not Outcome.SUCCESS for result in results)
    spent = [result.gpu_seconds for result in results]
    print(f"  {probe} {probe_class}: {failed} of {_CHILDREN} children without success")
    print(f"    start to result {told(walls, digits=2)} s, GPU seconds {told(spent, digits=4)}")
    verified = results[0].verified_bytes
    if verified:
        print(f"    verified {verified / 1e9:.1f} GB, all patterns together")
    print(
        f"    memory in use {before >> 20} MiB before, {board.used_bytes() >> 20} MiB after",
        flush=True,
    )


def killed(board: Board) -> None:
    """Twenty children killed with SIGKILL at random moments of a sweep."""
    before = board.used_bytes()
    took, left, most = [], 0, 0
    for _ in range(_KILLS):
        process = start(order(Probe.MEMORY_INTEGRITY, board.uuid, ProbeClass.B))
        time.sleep(0.4 + secrets.randbelow(600) / 1000)
        most = max(most, board.used_bytes())
        began = time.monotonic()
        process.kill()
        process.communicate()
        while board.used_bytes() > before and time.monotonic() - began < 5:
            time.sleep(0.002)
        took.append(time.monotonic() - began)
        left += board.used_bytes() > before
    print(
        f"  {before >> 20} MiB before, up to {most >> 20} MiB meanwhile; {left} of {_KILLS} left memory behind"
    )
    print(f"  back {told(took, 1e3, 0)} ms after the signal")
