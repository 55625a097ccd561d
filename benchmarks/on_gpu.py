"""Figures that need a real GPU and PyTorch: `python -m benchmarks.on_gpu [--seconds 120] [--no-copies]`.

Starts the exporter on NVML; measures what its processes cost while it is scraped every 15 s; then copies 100 GB of pinned
memory each way and compares the exporter's counters with the bytes copied and with what those make on the link.
"""

import argparse
import time

from benchmarks.exporter import Exporter, serving
from benchmarks.processes import processor_seconds, pss_megabytes

_SETTLE = 12.0
"""Seconds until the ten-second tier has surely read what happened before."""
_BYTES = 100 * 10**9
_BUFFER = 2 * 10**9
_HEADERS = {"receive": 20 / 256, "transmit": 24 / 256}
"""Packet headers per byte of payload at 256 bytes a packet: reads of the host come back as completions, writes carry addresses."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--no-copies", action="store_true", help="the footprint only")
    asked = parser.parse_args()
    with serving("--source", "nvml") as exporter:
        _footprint(exporter, asked.seconds)
        if not asked.no_copies:
            _pcie(exporter)


def _footprint(exporter: Exporter, seconds: int) -> None:
    before, began, sizes, lines = processor_seconds(exporter.pids), time.monotonic(), [], []
    while time.monotonic() - began < seconds:
        time.sleep(15)
        lines = exporter.get("/metrics").decode().splitlines()
        sizes.append(pss_megabytes(exporter.pids))
    share = (processor_seconds(exporter.pids) - before) / (time.monotonic() - began)
    series = sum('uuid="' in line for line in lines)
    print(f"processor, all processes: {share:.2%} of one core over {seconds} s")
    print(f"PSS, all processes: {min(sizes):.1f} to {max(sizes):.1f} MB")
    print(f"series of the GPU: {series}", flush=True)


def _pcie(exporter: Exporter) -> None:
    import torch  # noqa: PLC0415 - only this part needs it

    host = torch.empty(_BUFFER, dtype=torch.uint8, pin_memory=True)
    device = torch.empty(_BUFFER, device="cuda", dtype=torch.uint8)
    for name, target, source in (("receive", device, host), ("transmit", host, device)):
        time.sleep(_SETTLE)
        before = _counter(exporter, f"gpu_pcie_{name}_bytes_total")
        for _ in range(_BYTES // _BUFFER):
            target.copy_(source, non_blocking=True)
        torch.cuda.synchronize()
        time.sleep(_SETTLE)
        counted = _counter(exporter, f"gpu_pcie_{name}_bytes_total") - before
        link = _BYTES * (1 + _HEADERS[name])
        print(
            f"PCIe {name}: {_BYTES / 1e9:.0f} GB copied, {counted / 1e9:.2f} GB counted: "
            f"{counted / _BYTES - 1:+.2%} of the payload, {counted / link - 1:+.2%} of the bytes on the link"
        )


def _counter(exporter: Exporter, name: str) -> float:
    lines = exporter.get("/metrics").decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{"))


if __name__ == "__main__":
    main()
