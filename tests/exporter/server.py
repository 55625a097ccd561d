"""A real exporter in a process of its own, and how a test looks at it from outside."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds that a test waits for what must come; it comes much sooner."""
_LOOK = 0.1

T = TypeVar("T")
Labels = frozenset[tuple[str, str]]


class Metrics:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.families = {family.name for family in text_string_to_metric_families(text)}
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the only series that has these labels; None if there is none."""
        found = self.values(name, **labels)
        assert len(found) <= 1, f"{name}{labels} is ambiguous"
        return next(iter(found.values()), None)

    def values(self, name: str, **labels: str) -> dict[Labels, float]:
        """Every series of *name* that has these labels."""
        return {
            own: value
            for (found, own), value in self._samples.items()
            if found == name and labels.items() <= own
        }

    def total(self, name: str, **labels: str) -> float:
        return sum(self.values(name, **labels).values())


class Server:
    """`gpuvitals serve` on a free port of its own; its log goes to *log*."""

    def __init__(
        self, log: Path, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("w", encoding="utf-8") as file:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gpuvitals", "serve", "--listen", "127.0.0.1:0"),
                    *arguments,
                ],
                cwd=ROOT,
                stderr=file,
                env=environ,
            )
        address = eventually(lambda: re.search(r"address='(.*?):(\d+)'", self.log.read_text()))
        self._host, self.port = address[1], int(address[2])

    # -- HTTP ----------------------------------------------------------------------------------------------------------

    def get(self, path: str, method: str = "GET", body: str | None = None) -> tuple[int, str]:
        """Status and body."""
        connection = http.client.HTTPConnection(self._host, self.port, timeout=10)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def metrics(self) -> Metrics:
        status, text = self.get("/metrics")
        assert status == 200
        return Metrics(text)

    def json(self, path: str) -> Any:
        return json.loads(self.get(path)[1])

    def fault(self, **fault: object) -> None:
        """Let a fault happen."""
        status, text = self.get("/api/v1/faults", "POST", json.dumps(fault))
        assert status == 202, text

    # -- what is often asked -------------------------------------------------------------------------------------------

    def state(self, gpu: int) -> str:
        """The state that holds of one GPU."""
        states = self.metrics().values("gpu_state", gpu=str(gpu))
        return next((dict(own)["state"] for own, value in states.items() if value == 1), "")

    def last_read(self) -> dict[str, float]:
        """When each GPU was last read, by its index."""
        found = self.metrics().values("gpu_last_read_timestamp_seconds")
        return {dict(own)["gpu"]: value for own, value in found.items()}

    def all_ok(self, count: int = 8) -> bool:
        """Whether all GPUs are there and serve work; a fault of the test before may still be watched."""
        now = self.metrics()
        serving = ("ok", "degraded", "recovering")
        return sum(now.total("gpu_state", state=name) for name in serving) == count

    def advances(self, *gpus: int, since: Mapping[str, float]) -> bool:
        """Whether all *gpus* were read after *since*."""
        now = self.last_read()
        return all(now[str(gpu)] > since[str(gpu)] for gpu in gpus)

    # -- processes -----------------------------------------------------------------------------------------------------

    def children(self) -> list[int]:
        """The child processes that run now."""
        return children(self.process.pid)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """End it as systemd and Kubernetes do; its exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Server]:
    """A server whose state lies in *folder*, until the test is done."""
    folder.mkdir(exist_ok=True)
    server = Server(folder / "log", "--state-dir", str(folder / "state"), *arguments)
    try:
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.log.read_text()


def children(pid: int) -> list[int]:
    """The children of *pid* that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # Ended while we looked.
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def running(pid: int) -> bool:
    """Whether *pid* is a process that has not ended."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            != "Z"
        )
    except OSError:
        return False


def eventually(look: Callable[[], T | None]) -> T:
    """What *look* finds, as soon as it finds something true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(_LOOK)
    raise AssertionError(f"it did not happen within {PATIENCE:.0f} s")
