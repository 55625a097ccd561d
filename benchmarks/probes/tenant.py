"""What a tenant loses to probes: a torch loop that never waits, with blocks of one run a second and blocks without."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, pairwise

import msgspec

from benchmarks.probes.children import Board, order, run, told
from catalog.probe import CLASSES, Order, Probe, ProbeClass

_BARE = "context alone"
_BLOCK_RUNS = 5
_QUIET = 1.0
_PERIOD = 600.0
"""Seconds between two runs of each class A probe."""

_Block = tuple[float, float]
"""When it began and ended."""


def lost(gpu: Board, kind: str, runs: int, *, bare: bool) -> None:
    """Milliseconds that a tenant of this *kind* loses by a run of each probe, and what all are at the default schedule."""
    command = [sys.executable, "-m", "benchmarks.probes.tenant", kind]
    tenant = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert tenant.stdout is not None  # noqa: S101 - a pipe was asked for
    tenant.stdout.readline()  # it has warmed up
    trials = _trials(gpu, bare=bare)
    quiet, busy, names = [_still()], [], []
    walls: dict[str, list[float]] = defaultdict(list)
    with ThreadPoolExecutor() as children:
        for name in islice(cycle(trials), -(-runs // _BLOCK_RUNS)):
            began = time.monotonic()
            started = []
            for second in range(_BLOCK_RUNS):
                # A child that is slow beside the tenant does not keep the next from starting.
                time.sleep(max(0.0, began + second - time.monotonic()))
                started.append(children.submit(run, trials[name]))
            walls[name] += [child.result()[1] for child in started]
            time.sleep(max(0.0, began + _BLOCK_RUNS - time.monotonic()))
            busy.append((began, time.monotonic()))
            names.append(name)
            quiet.append(_still())
    out, _ = tenant.communicate("stop\n")
    steps = json.loads(out)
    calm = [_rate(steps, *block) for block in quiet]
    print(f"  {len(busy) * _BLOCK_RUNS} runs, one a second; steps a second without: {told(calm)}")
    costs: dict[str, list[float]] = defaultdict(list)
    for name, block, (before, after) in zip(names, busy, pairwise(calm), strict=True):
        share = 1 - _rate(steps, *block) / ((before + after) / 2)
        costs[name].append(share * (block[1] - block[0]) / _BLOCK_RUNS)
    _tell(costs, walls)


def _trials(gpu: Board, *, bare: bool) -> dict[str, Order]:
    """An order for each class A probe; if *bare*, one more that ends as soon as there is a context, to see what that costs."""
    small = (probe for probe in Probe if ProbeClass.A in CLASSES[probe])
    orders = {probe.value: order(probe, gpu.uuid, ProbeClass.A) for probe in small}
    if bare:
        any_order = orders[Probe.MEMORY_INTEGRITY.value]
        orders[_BARE] = msgspec.structs.replace(any_order, budget_gpu_seconds=0.0)
    return orders


def _still() -> _Block:
    began = time.monotonic()
    time.sleep(_QUIET)
    return began, time.monotonic()


def _rate(steps: Sequence[float], begin: float, end: float) -> float:
    """Steps a second between two moments, the broken steps at both ends left out."""
    inside = [moment for moment in steps if begin <= moment <= end]
    return (len(inside) - 1) / (inside[-1] - inside[0])


def _tell(costs: Mapping[str, Sequence[float]], walls: Mapping[str, Sequence[float]]) -> None:
    total = variance = 0.0
    freedom = 0
    for name, values in costs.items():
        mean, error = statistics.mean(values), statistics.stdev(values) / len(values) ** 0.5
        print(f"    {name}: lost per run {mean * 1e3:.1f} ms, standard error {error * 1e3:.1f} ms")
        print(f"      start to result {told(walls[name], digits=2)} s")
        if name != _BARE:
            total, variance = total + mean, variance + error**2
            freedom += len(values) - 1
    bound = total + _t(freedom) * variance**0.5
    print(
        f"    at the default schedule: {total / _PERIOD:.4%}, upper 95 % bound {bound / _PERIOD:.4%}",
        flush=True,
    )


def _t(freedom: int) -> float:
    """Student's t at 97.5 %, by its expansion: within 1 % from five degrees of freedom on."""
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


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
