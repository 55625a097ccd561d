"""Figures of the active probes on a real GPU: `python -m benchmarks.probes [FIGURE...]`, all of them without a name.

Needs PyTorch, nvcc and ncu beside the extra `cuda`. `matrix` and `memory` take 380 s each, all others together 280 s.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

from benchmarks.probes import faults, speed, tenant
from benchmarks.probes.children import Board, board

FIGURES: dict[str, Callable[[Board], None]] = {
    "bandwidth": speed.bandwidth,
    "proof": speed.proof,
    "host-link": speed.host_link,
    "latency": speed.latency,
    "injected": faults.injected,
    "clean": faults.clean,
    "killed": faults.killed,
}
TENANTS = ("matrix", "memory")


def main() -> None:
    """Print the figures asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, *TENANTS, []])
    parser.add_argument("--runs", type=int, default=300, help="beside each tenant")
    parser.add_argument(
        "--bare", action="store_true", help="with runs that make a context and nothing else"
    )
    asked, gpu = parser.parse_args(), board()
    figures = FIGURES | {
        kind: partial(tenant.lost, kind=kind, runs=asked.runs, bare=asked.bare) for kind in TENANTS
    }
    for name in asked.figures or figures:
        began = time.monotonic()
        print(f"{name} ({gpu.name})", flush=True)
        figures[name](gpu)
        print(f"  [{time.monotonic() - began:.0f} s]", flush=True)


if __name__ == "__main__":
    main()
