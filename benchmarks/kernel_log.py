"""How many lines of a kernel log one core reads. `python -m benchmarks.kernel_log [--lines 500000] [--repetitions 5]`.

Each way of writing them; one line in a hundred is an Xid, the others are what a busy node logs. Reading, parsing, judging and
counting are in the time, the commit is not.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.results import Figure, Section, publish, spread
from exporter.xids import Ledger, Mark
from probes.kernel_log.reader import KernelLog

_TARGET = 100_000
_PLACES = {"00000000:3B:00.0": "GPU-1"}
_XID = "NVRM: Xid (PCI:0000:3b:00): 31, pid=3634001, name=python, channel 0x01000020, intr 00000000. MMU Fault"
_OTHERS = (
    "br-1234: port 3(veth12345) entered blocking state",
    "eth0: renamed from veth9d1f3a2",
    "audit: type=1400 audit(1795521070.659:42): apparmor=ALLOWED operation=open",
    "mlx5_core 0000:5e:00.0 ens1f0: Link up",
)
_SHAPES: Mapping[str, Callable[[int, str], str]] = {
    "/dev/kmsg": lambda number, text: f"6,{number},{number * 10},-,caller=T4711;{text}\n",
    "dmesg": lambda number, text: f"[{number // 100:5}.{number % 100:06}] {text}\n",
    "syslog": lambda _, text: f"2026-05-25T12:34:56.123456Z node-7 kernel: {text}\n",
    "journal": lambda number, text: (
        json.dumps(
            {
                "__CURSOR": f"s=5e8d4f7c;i={number + 1:x};b=70defbc2;m=2a3f;t=63e;x=9",
                "__REALTIME_TIMESTAMP": "1795521070659063",
                "_SOURCE_MONOTONIC_TIMESTAMP": "43219876",
                "_BOOT_ID": "70defbc290144abbb6b03eacd29ac47d",
                "_TRANSPORT": "kernel",
                "PRIORITY": "6",
                "SYSLOG_FACILITY": "0",
                "SYSLOG_IDENTIFIER": "kernel",
                "MESSAGE": text,
            }
        )
        + "\n"
    ),
}


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args(arguments)
    figures = tuple(_figures(options.lines, options.repetitions))
    note = (
        f"{options.lines:,} lines from a file in the page cache, one in a hundred an Xid, read and judged in processor time; "
        f"the slowest of {options.repetitions} repetitions."
    )
    publish(
        Section(title="kernel log", note=note, figures=figures), "benchmarks.kernel_log", arguments
    )


def _figures(lines: int, repetitions: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in _SHAPES.items():
            path = Path(folder, "log")
            with path.open("w", encoding="utf-8") as file:
                file.writelines(shape(number, _text(number)) for number in range(lines))
            rates = [lines / _seconds(path, lines) for _ in range(repetitions)]
            yield Figure(
                name=f"lines as {name} writes them",
                value=f"{min(rates):,.0f} /s ({spread(rates, '/s')})",
                target=f">= {_TARGET:,} /s",
                met=min(rates) >= _TARGET,
            )


def _text(number: int) -> str:
    return _OTHERS[number % len(_OTHERS)] if number % 100 else _XID


def _seconds(path: Path, lines: int) -> float:
    """Processor time for all *lines*.

    Raises:
        AssertionError: an Xid was missed, or counted twice.
    """
    log = KernelLog(path, None, boot="boot", wall=time.time, steady=time.monotonic)
    ledger = Ledger(Mark(counting=True))
    began = time.process_time()
    counted = 0
    caught_up = False
    while not caught_up:
        batch = log.read()
        counted += len(ledger.heard(batch, _PLACES, time.monotonic()).counted)
        caught_up = batch.caught_up
    seconds = time.process_time() - began
    log.close()
    if counted != -(-lines // 100):
        raise AssertionError(f"{counted} Xids in {lines} lines")
    return seconds


if __name__ == "__main__":
    main(sys.argv[1:])
