"""How fast and how repeatable: bandwidth, host link and kernel latency, beside torch and CUDA C++."""

import re
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch

from benchmarks.probes.children import Board, order, run, told
from catalog.probe import Probe, Result

_CUDA = Path(__file__).parents[1] / "cuda"
_CHILDREN = 20
_PAIRS = 20
_PROOF = ("dram__bytes_read.sum", "dram__bytes_write.sum")


def _children(probe: Probe, board: Board, count: int, between: Callable[[], None]) -> list[Result]:
    results, walls = [], []
    for _ in range(count):
        result, wall = run(order(probe, board.uuid))
        results.append(result)
        walls.append(wall)
        between()
    print(f"  start to result: {told(walls, digits=2)} s", flush=True)
    print(f"  GPU seconds: {told([result.gpu_seconds for result in results], digits=4)}")
    return results


def bandwidth(board: Board) -> None:
    """Medians of 20 children, a torch copy of the same 4 GiB after each."""
    copies: list[float] = []

    def copy() -> None:
        source = torch.empty(2 << 30, dtype=torch.uint8, device="cuda").random_()
        target = torch.empty_like(source)
        marks = [torch.cuda.Event(enable_timing=True) for _ in range(22)]
        for mark in marks:
            target.copy_(source)
            mark.record()
        torch.cuda.synchronize()
        took = [a.elapsed_time(b) / 1e3 for a, b in pairwise(marks)]
        copies.append(2 * source.nbytes / statistics.median(took))
        del source, target
        torch.cuda.empty_cache()

    results = _children(Probe.MEMORY_BANDWIDTH, board, _CHILDREN, copy)
    found: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for measured in result.measurements:
            found[measured.name].append(measured.bytes_per_second)
    peak = results[0].measurements[0].peak or 0
    print(f"  peak: {peak / 1e9:.1f} GB/s")
    for name, values in found.items():
        share = statistics.median(values) / peak
        print(f"  {name}: {told(values, 1e-9)} GB/s, {share:.2%} of the peak")
    print(f"  torch copy: {told(copies, 1e-9)} GB/s, {statistics.median(copies) / peak:.2%}")


def proof(board: Board) -> None:
    """How many bytes the profiler saw leave and enter DRAM per launch over 4 GiB; the caches are left as they are."""
    for kernel in ("read_words", "write_words", "copy_words"):
        command = ["ncu", "--clock-control", "none", "--cache-control", "none"]
        command += ["-k", kernel, "--metrics", ",".join(_PROOF), "--launch-skip", "2"]
        command += ["--launch-count", "8", "python3", "-P", "-m", "cuda_probes.child"]
        _profiled(kernel, command, order(Probe.MEMORY_BANDWIDTH, board.uuid), 4 << 30)
    for kernel in ("pattern_write", "pattern_verify"):
        command = ["ncu", "--clock-control", "none", "--cache-control", "none", "-k", kernel]
        command += ["--metrics", ",".join(_PROOF), "python3", "-P", "-m", "cuda_probes.child"]
        _profiled(kernel, command, order(Probe.MEMORY_INTEGRITY, board.uuid), 64 << 20)


def _profiled(kernel: str, command: list[str], asked: object, size: int) -> None:
    import msgspec  # noqa: PLC0415

    line = msgspec.json.encode(asked) + b"\n"
    said = subprocess.run(command, input=line, capture_output=True, check=False).stdout.decode()
    units = {"byte": 1, "Kbyte": 1e3, "Mbyte": 1e6, "Gbyte": 1e9}
    for metric in _PROOF:
        values = re.findall(rf"{re.escape(metric)}\s+(\w+)\s+([\d.,]+)", said)
        seen = [float(number.replace(",", "")) * units[unit] for unit, number in values]
        if seen:
            share = statistics.median(seen) / size
            print(f"  {kernel} over {size >> 20} MiB: {metric} {told(seen, 1e-6)} MB, {share:.2%}")
        else:
            print(f"  {kernel}: the profiler gave no {metric}: {said[-300:]!r}")


def _built(name: str, folder: str) -> str:
    program = f"{folder}/{name}"
    subprocess.run(
        ["nvcc", "-O2", "-arch=native", "-o", program, _CUDA / f"{name}.cu"], check=True
    )
    return program


def host_link(board: Board) -> None:
    """Pairs of a child and a CUDA C++ program that makes the same copies."""
    found: dict[str, list[float]] = defaultdict(list)
    theirs: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        program = _built("host_link", folder)

        def native() -> None:
            for line in subprocess.check_output([program], text=True).splitlines():
                name, rate = line.split()
                theirs[name].append(float(rate))

        for result in _children(Probe.HOST_LINK, board, _PAIRS, native):
            for measured in result.measurements:
                found[measured.name].append(measured.bytes_per_second)
    for name, values in found.items():
        apart = statistics.median(values) / statistics.median(theirs[name]) - 1
        print(f"  {name}: {told(values, 1e-9)} GB/s")
        print(f"    CUDA C++: {told(theirs[name], 1e-9)} GB/s; ours {apart:+.2%}")


def latency(board: Board) -> None:
    """Pairs of a child and a CUDA C++ program that launches the same way."""
    ours: dict[str, list[list[float]]] = defaultdict(list)
    theirs: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        program = _built("launch_latency", folder)

        def native() -> None:
            lines = subprocess.check_output([program], text=True).split()
            theirs.append([int(line) / 1e9 for line in lines])

        for result in _children(Probe.KERNEL_LATENCY, board, _PAIRS, native):
            for delay in result.latencies:
                ours[delay.name].append(list(delay.seconds))
    for label, runs in (*ours.items(), ("CUDA C++ launch", theirs)):
        middles = [statistics.median(run) for run in runs]
        tails = [statistics.quantiles(run, n=100)[98] for run in runs]
        print(f"  {label}: p50 {told(middles, 1e6, 2)} µs, p99 {told(tails, 1e6, 2)} µs")
        quarters = statistics.quantiles(middles, n=4)
        print(f"    quartiles of p50: {quarters[0] * 1e6:.2f} to {quarters[2] * 1e6:.2f} µs")
    differences = [
        statistics.median(mine) - statistics.median(other)
        for mine, other in zip(ours["launch"], theirs, strict=True)
    ]
    print(f"  ours less CUDA C++, p50 by pairs: {told(differences, 1e6, 2)} µs")
