"""Figures that need a real GPU and PyTorch: `python -m benchmarks.on_gpu [--seconds 120] [--no-copies]`.

Starts the exporter on NVML; measures what its processes cost while it is scraped every 15 s; then copies 100 GB of pinned
memory each way and compares the exporter's counters with the bytes copied and with what those make on the link.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence

from benchmarks.exporter import Exporter, serving
from benchmarks.footprint import MOST_MEGABYTES, MOST_SERIES
from benchmarks.processes import processor_seconds, pss_megabytes
from benchmarks.results import Figure, Section, limit, publish

_SCRAPE = 15
_MOST_OFF = 0.05
_MODEL = re.compile(r'^gpu_info\{.*model="([^"]+)"', re.MULTILINE)

_SETTLE = 12.0
"""Seconds until the ten-second tier has surely read what happened before."""
_BYTES = 100 * 10**9
_BUFFER = 2 * 10**9
_HEADERS = {"receive": 20 / 256, "transmit": 24 / 256}
"""Packet headers per byte of payload at 256 bytes a packet: reads of the host come back as completions, writes carry addresses."""


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--no-copies", action="store_true", help="the footprint only")
    asked = parser.parse_args(arguments)
    with serving("--source", "nvml") as exporter:
        model = _MODEL.findall(exporter.get("/metrics").decode())[0]
        figures = [*_footprint(exporter, asked.seconds)]
        if not asked.no_copies:
            figures += _pcie(exporter)
    note = f"One exporter reads {model} and is scraped every {_SCRAPE} s. The counters count what is on the link, packet headers included."
    publish(Section(title="on a GPU", note=note, figures=figures), "benchmarks.on_gpu", arguments)


def _footprint(exporter: Exporter, seconds: int) -> Iterator[Figure]:
    before, began, sizes, lines = processor_seconds(exporter.pids), time.monotonic(), [], []
    while time.monotonic() - began < seconds:
        time.sleep(_SCRAPE)
        lines = exporter.get("/metrics").decode().splitlines()
        sizes.append(pss_megabytes(exporter.pids))
    share = (processor_seconds(exporter.pids) - before) / (time.monotonic() - began)
    yield Figure(name="share of one core", value=f"{share * 100:.2f} % over {seconds} s")
    yield limit(
        "memory (PSS), at most",
        max(sizes),
        MOST_MEGABYTES["nvml"],
        "MB",
        f"from {min(sizes):.1f} MB",
    )
    series = sum('uuid="' in line for line in lines)
    yield limit("series", series, MOST_SERIES, "series")


def _pcie(exporter: Exporter) -> Iterator[Figure]:
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
        off = counted / _BYTES - 1
        link = counted / (_BYTES * (1 + _HEADERS[name])) - 1
        yield Figure(
            name=f"PCIe {name}, {_BYTES / 1e9:.0f} GB copied",
            value=f"{counted / 1e9:.2f} GB counted: {off:+.2%} of the payload, {link:+.2%} of the bytes on the link",
            target=f"payload within {_MOST_OFF:.0%}",
            met=abs(off) <= _MOST_OFF,
        )


def _counter(exporter: Exporter, name: str) -> float:
    lines = exporter.get("/metrics").decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{"))


if __name__ == "__main__":
    main(sys.argv[1:])
