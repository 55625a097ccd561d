"""Starts probe children, and reads the GPU beside them."""

import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pynvml

from catalog.probe import CHILD_MODULE, CLASSES, Order, Outcome, Probe, ProbeClass, Result
from cuda_probes.driver import driver_text, initialised, load
from cuda_probes.gpu import Gpu
from cuda_probes.run import Run


@dataclass(frozen=True, slots=True)
class Board:
    """The first GPU, as NVML sees it."""

    uuid: str
    name: str

    def used_bytes(self) -> int:
        return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).used)


def board() -> Board:
    """The machine's first GPU."""
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    return Board(pynvml.nvmlDeviceGetUUID(handle), pynvml.nvmlDeviceGetName(handle))


def order(probe: Probe, uuid: str, probe_class: ProbeClass | None = None) -> Order:
    """An order with a seed of its own."""
    return Order(
        probe=probe,
        uuid=uuid,
        nonce="bench",
        seed=secrets.randbits(64),
        probe_class=probe_class or min(CLASSES[probe]),
        budget_gpu_seconds=2.0,
    )


def start(asked: Order) -> subprocess.Popen[bytes]:
    """A child that has its order."""
    command = [sys.executable, "-P", "-m", CHILD_MODULE]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    process.stdin.write(msgspec.json.encode(asked) + b"\n")
    process.stdin.close()
    process.stdin = None
    return process


def run(asked: Order) -> tuple[Result, float]:
    """A child's result, and the seconds from before its start until it was read."""
    began = time.monotonic()
    out, _ = start(asked).communicate(timeout=60)
    took = time.monotonic() - began
    result = msgspec.json.decode(out, type=Result)
    if result.outcome is not Outcome.SUCCESS and asked.budget_gpu_seconds:
        print(f"{asked.probe}: {result.outcome} {result.reason} {result.message}", flush=True)
    return result, took


def in_process(asked: Order) -> Run:
    """A run in this process, for what is done a thousand times."""
    os.environ["CUDA_VISIBLE_DEVICES"] = asked.uuid
    gpu = Gpu(initialised(load(), driver_text), 0)
    return Run(asked, gpu, stopped=lambda: False, clock=time.perf_counter)


def told(values: Sequence[float], scale: float = 1.0, digits: int = 1) -> str:
    """Median, lowest and highest, and how far those are apart."""
    middle = statistics.median(values)
    spread = (max(values) - min(values)) / middle
    low, high = min(values) * scale, max(values) * scale
    return f"{middle * scale:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}, spread {spread:.2%}, n={len(values)})"
