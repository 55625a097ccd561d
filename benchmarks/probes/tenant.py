"""What a tenant loses to probes: a torch loop that never waits, with blocks of one run a second and blocks without."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, pairwise

from benchmarks.probes.children import Board, order, run, told
from catalog.probe import CLASSES, Outcome, Probe, ProbeClass

_BLOCK_RUNS = 5
_QUIET = 1.0
_RUNS_PER_SECOND_BY_DEFAULT = 3 / 600
"""Each of the three class A probes runs every ten minutes."""
SMALL = tuple(probe for probe in Probe if ProbeClass.A in CLASSES[probe])

_Block = tuple[float, float]
"""When it began and ended."""


def lost(gpu: Board, kind: str, runs: int) -> None:
    """Milliseconds that a tenant of this *kind* loses by one run, and what that is at the default schedule."""
    command = [sys.executable, "-m", "benchmarks.probes.tenant", kind]
    tenant = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert tenant.stdout is not None  # noqa: S101 - a pipe was asked for
    tenant.stdout.readline()  # it has warmed up
    probes = cycle(order(probe, gpu.uuid, ProbeClass.A) for probe in SMALL)
    quiet, busy, done = [_still()], [], []
    with ThreadPoolExecutor() as children:
        while len(done) < runs:
            began = time.monotonic()
            started = []
            for second in range(_BLOCK_RUNS):
                # A child that is slow beside the tenant does not keep the next from starting.
                time.sleep(max(0.0, began + second - time.monotonic()))
                started.append(children.submit(run, next(probes)))
            done += [child.result() for child in started]
            time.sleep(max(0.0, began + _BLOCK_RUNS - time.monotonic()))
            busy.append((began, time.monotonic()))
            quiet.append(_still())
    out, _ = tenant.communicate("stop\n")
    _tell(kind, json.loads(out), quiet, busy)
    failed = sum(result.outcome is not Outcome.SUCCESS for result, _ in done)
    print(f"    {failed} of {len(done)} runs without success")
    print(f"    start to result: {told([wall for _, wall in done], digits=2)} s", flush=True)


def _still() -> _Block:
    began = time.monotonic()
    time.sleep(_QUIET)
    return began, time.monotonic()


def _tell(
    kind: str, steps: Sequence[float], quiet: Sequence[_Block], busy: Sequence[_Block]
) -> None:
    calm = [_rate(steps, *block) for block in quiet]
    lost = []
    for block, (before, after) in zip(busy, pairwise(calm), strict=True):
        usual = (before + after) / 2
        lost.append((1 - _rate(steps, *block) / usual) * (block[1] - block[0]) / _BLOCK_RUNS)
    mean = statistics.mean(lost)
    bound = mean + _t(len(lost) - 1) * statistics.stdev(lost) / len(lost) ** 0.5
    print(f"  {kind}: {len(busy) * _BLOCK_RUNS} runs at 1 run/s in {len(busy)} blocks")
    print(f"    steps a second without probes: {told(calm)}")
    print(f"    lost per run: {mean * 1e3:.2f} ms, upper 95 % bound {bound * 1e3:.2f} ms")
    share, most = (value * _RUNS_PER_SECOND_BY_DEFAULT for value in (mean, bound))
    print(f"    at the default schedule: {share:.4%}, upper 95 % bound {most:.4%}", flush=True)


def _t(freedom: int) -> float:
    """Student's t at 97.5 %, by its expansion: within 1 % from five degrees of freedom on."""
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _rate(steps: Sequence[float], begin: float, end: float) -> float:
    """Steps a second between two moments, the broken steps at both ends left out."""
    inside = [moment for moment in steps if begin <= moment <= end]
    return (len(inside) - 1) / (inside[-1] - inside[0])


def _loop(kind: str) -> None:
    """Work until somebody writes a line; then print when each step was done."""
    import select  # noqa: PLC0415 - this process alone needs these

    import torch  # noqa: PLC0415

    if kind == "matrix":
        a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
        b = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
        c = torch.empty_like(a)
        step = lambda: [torch.mm(a, b, out=c) for _ in range(4)]  # noqa: E731
    else:
        source = torch.empty(2 << 30, device="cuda", dtype=torch.uint8).random_()
        target = torch.empty_like(source)
        step = lambda: [target.copy_(source) for _ in range(5)]  # noqa: E731
    queued: deque[torch.cuda.Event] = deque()
    moments: list[float] = []
    began, ready = time.monotonic(), False
    while not (ready and select.select([sys.stdin], [], [], 0)[0]):
        step()
        queued.append(torch.cuda.Event(blocking=True))
        queued[-1].record()
        if len(queued) > 2:
            queued.popleft().synchronize()
            moments.append(time.monotonic())
        if not ready and time.monotonic() - began > 4:
            ready = True
            print("ready", flush=True)
    print(json.dumps(moments))


def main() -> None:
    """Be the tenant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("matrix", "memory"))
    _loop(parser.parse_args().kind)


if __name__ == "__main__":
    main()
