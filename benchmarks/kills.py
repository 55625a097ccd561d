"""SIGKILL in a storm of Xids. `python -m benchmarks.kills [--rounds 50]`.

A whole exporter follows a kernel log into which Xids are written without a pause, is killed at a random moment and started
again. In the end each Xid that was written must be one count and one event.
"""

import argparse
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.exporter import Exporter
from benchmarks.results import Figure, Section, publish

_CODES = (13, 31, 48, 79, 94, 119)
_LAST = 172
"""The code of the last Xid of all, which the storm has not."""
_PAUSE = 0.05
_MOST = 12
"""Xids in one write: with the pause at most some 200 a second, so that no event is old enough to be dropped."""
_PATIENCE = 60.0
_COUNT = re.compile(r"^gpu_xid_errors_total\{(.*)\} (\d+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_PID = re.compile(r"pid (\d+)\)")

Counts = Counter[tuple[str, str]]
"""How many of each GPU and code."""


class Storm(threading.Thread):
    """Writes Xids of the GPUs at *buses* to *log* until it is stopped."""

    def __init__(self, log: Path, buses: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.written: Counts = Counter()
        self._log = log
        self._buses = buses
        self._ending = threading.Event()
        self._rng = random.Random(1)  # noqa: S311 - which Xid comes next is no secret

    def run(self) -> None:
        """Write until the end; pieces end anywhere in a line."""
        while not self._ending.wait(_PAUSE):
            lines = [
                self._line(self._rng.randrange(len(self._buses)), self._rng.choice(_CODES))
                for _ in range(self._rng.randrange(_MOST))
            ]
            data = "".join(lines).encode()
            cut = self._rng.randrange(len(data) + 1)
            for piece in (data[:cut], data[cut:]):
                with self._log.open("ab", buffering=0) as file:
                    file.write(piece)

    def stop(self) -> None:
        """End, with a last Xid that tells so."""
        self._ending.set()
        self.join()
        with self._log.open("a", encoding="utf-8") as file:
            file.write(self._line(0, _LAST))

    def _line(self, gpu: int, code: int) -> str:
        number = self.written.total()
        self.written[str(gpu), str(code)] += 1
        text = f"NVRM: Xid (PCI:{self._buses[gpu]}): {code}, pid={number}, name=python, text"
        return f"6,{number},{time.monotonic_ns() // 1000},-;{text}\n"


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gpuvitals-kills-") as name:
        written, counted, pids = _stormed(Path(name), options.rounds)
    figures = (
        Figure(name="Xids written", value=f"{written.total():,}"),
        _none("counts that are not what was written", _different(written, counted)),
        _none("events that are missing", written.total() - len(pids.keys())),
        _none("events that are there twice", pids.total() - len(pids.keys())),
    )
    note = (
        f"{options.rounds} kills of the whole exporter, each up to a second after it was ready, while Xids of 8 GPUs and "
        f"{len(_CODES)} codes were written to the kernel log that it follows; then one run to the end of the log."
    )
    publish(Section(title="kills", note=note, figures=figures), "benchmarks.kills", arguments)


def _none(name: str, found: int) -> Figure:
    return Figure(name=name, value=f"{found}", target="0", met=found == 0)


def _different(written: Counts, counted: Counts) -> int:
    return sum(written[key] != counted[key] for key in written.keys() | counted.keys())


def _stormed(folder: Path, rounds: int) -> tuple[Counts, Counts, Counter[int]]:
    """What was written, what was counted, and how many events tell of each number."""
    log = folder / "kmsg"
    log.touch()
    rng = random.Random(0)  # noqa: S311 - when to kill is no secret
    with _exporter(folder) as exporter:  # what comes after a first start counts
        storm = Storm(log, _buses(exporter))
    storm.start()
    for number in range(rounds):
        with _exporter(folder):
            time.sleep(rng.uniform(0, 1))
        print(f"\rkill {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    storm.stop()
    with _exporter(folder) as exporter:
        _until_counted(exporter, _LAST)
        return storm.written, _counted(exporter), Counter(_numbers(exporter))


@contextmanager
def _exporter(folder: Path) -> Iterator[Exporter]:
    """An exporter that is ready; it is killed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "gpuvitals", "serve", "--source", "sim"]
    command += ["--state-dir", str(folder / "state"), "--kernel-log", str(folder / "kmsg")]
    command += ["--listen", f"127.0.0.1:{port}", "--log-level", "error"]
    with (folder / "log").open("a") as log, subprocess.Popen(command, stderr=log) as process:
        exporter = Exporter(process.pid, port)
        until = time.monotonic() + _PATIENCE
        while not exporter.ready():
            if time.monotonic() > until or process.poll() is not None:
                raise TimeoutError(f"the exporter is not ready after {_PATIENCE:.0f} s")
            time.sleep(0.05)
        yield exporter
        process.kill()


def _buses(exporter: Exporter) -> list[str]:
    gpus = json.loads(exporter.get("/api/v1/gpus"))["gpus"]
    return [gpu["pci_bus_id"].rpartition(".")[0] for gpu in gpus]


def _until_counted(exporter: Exporter, code: int) -> None:
    until = time.monotonic() + _PATIENCE
    while not any(counted[1] == str(code) for counted in _counted(exporter)):
        if time.monotonic() > until:
            raise TimeoutError(f"the last Xid is not counted after {_PATIENCE:.0f} s")
        time.sleep(0.1)


def _counted(exporter: Exporter) -> Counts:
    found: Counts = Counter()
    text = exporter.get("/metrics?name[]=gpu_xid_errors_total").decode()
    for labels, value in _COUNT.findall(text):
        own = dict(_LABEL.findall(labels))
        found[own["gpu"], own["xid"]] += int(value)
    return +found


def _numbers(exporter: Exporter) -> Iterator[int]:
    """The number that each event tells, page by page."""
    before: dict[str, str] = {}
    while True:
        query = urlencode({"kind": "xid", "limit": "1000", **before})
        page = json.loads(exporter.get(f"/api/v1/events?{query}"))
        for event in page["events"]:
            yield int(_PID.findall(event["message"])[0])
        if page["next"] is None:
            return
        before = {"before": str(page["next"])}


if __name__ == "__main__":
    main(sys.argv[1:])
