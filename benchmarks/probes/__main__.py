"""Figures of the active probes on a real GPU: `python -m benchmarks.probes [FIGURE...]`, all of them without a name.

Needs PyTorch, nvcc and ncu beside the extra `cuda`. `matrix` and `memory` take 400 s each, all others together 150 s.
"""

import argparse
import time
from functools import partial

from benchmarks.probes import faults, speed, tenant
from benchmarks.probes.children import board

FIGURES = {
    "bandwidth": speed.bandwidth,
    "proof": speed.proof,
    "host-link": speed.host_link,
    "latency": speed.latency,
    "injected": faults.injected,
    "clean": faults.clean,
    "killed": faults.killed,
    "matrix": partial(tenant.lost, kind="matrix", runs=300),
    "memory": partial(tenant.lost, kind="memory", runs=300),
}


def main() -> None:
    """Print the figures asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, []])
    gpu = board()
    for name in parser.parse_args().figures or FIGURES:
        began = time.monotonic()
        print(f"{name} ({gpu.name})", flush=True)
        FIGURES[name](gpu)
        print(f"  [{time.monotonic() - began:.0f} s]", flush=True)


if __name__ == "__main__":
    main()
