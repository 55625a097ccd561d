"""Loads one GPU in labelled phases while `gpuvitals record` runs: `python benchmarks/phases.py PHASE_FILE`.

Needs PyTorch with CUDA. Writes the name of each phase into PHASE_FILE as it begins.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

_GB = 10**9


def _idle(seconds: float) -> None:
    time.sleep(seconds)


def _compute(seconds: float) -> None:
    """Matrix products in bf16: the tensor cores are the limit."""
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    _repeat(seconds, lambda: torch.matmul(a, b))


def _memory(seconds: float) -> None:
    """Copies inside device memory, far larger than the cache."""
    source = torch.empty(8 * _GB, device="cuda", dtype=torch.uint8)
    target = torch.empty_like(source)
    _repeat(seconds, lambda: target.copy_(source))


def _pcie(seconds: float) -> None:
    """Pinned copies, half of the time into the GPU, half out of it."""
    host = torch.empty(2 * _GB, dtype=torch.uint8, pin_memory=True)
    device = torch.empty(2 * _GB, device="cuda", dtype=torch.uint8)
    _repeat(seconds / 2, lambda: device.copy_(host, non_blocking=True))
    _repeat(seconds / 2, lambda: host.copy_(device, non_blocking=True))


def _fp32(seconds: float) -> None:
    """Element-wise arithmetic in FP32 and FP64."""
    single = torch.randn(64 * 1024 * 1024, device="cuda")
    double = single[: 16 * 1024 * 1024].double()
    _repeat(seconds / 2, lambda: torch.erfinv(single.clamp(-0.9, 0.9)))
    _repeat(seconds / 2, lambda: torch.erfinv(double.clamp(-0.9, 0.9)))


def _bursts(seconds: float) -> None:
    """Requests of an inference server: 40 ms of work, then 60 ms without."""
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(30):
            torch.matmul(a, a)
        torch.cuda.synchronize()
        time.sleep(0.06)


def _allocation(seconds: float) -> None:
    """Memory taken in steps to three quarters of the GPU, then given back."""
    free, _ = torch.cuda.mem_get_info()
    steps, held = 12, []
    for _ in range(steps):
        held.append(torch.empty(int(free * 0.75 / steps), device="cuda", dtype=torch.uint8))
        time.sleep(seconds / (2 * steps))
    for _ in range(steps):
        held.pop()
        torch.cuda.empty_cache()
        time.sleep(seconds / (2 * steps))


def _repeat(seconds: float, work: Callable[[], object]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(8):
            work()
        torch.cuda.synchronize()


PHASES: tuple[tuple[str, Callable[[float], None], float], ...] = (
    ("idle", _idle, 40),
    ("compute-bound", _compute, 90),
    ("memory-bound", _memory, 60),
    ("pcie-bound", _pcie, 60),
    ("fp32-fp64", _fp32, 40),
    ("inference-bursts", _bursts, 60),
    ("allocation-and-release", _allocation, 48),
    ("cool-down", _idle, 84),
)


def main() -> None:
    """Run all phases."""
    phase_file = Path(sys.argv[1])
    for name, work, seconds in PHASES:
        phase_file.write_text(name, encoding="utf-8")
        work(seconds)
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
