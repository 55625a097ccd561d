"""`gpuvitals serve` as a real process, measured from outside."""

import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks import processes

_READY = 30.0
_STOP = 10.0
_SETTLED = 12.0
"""GPM, the last to come, needs two readings ten seconds apart."""


_ANY = ssl.create_default_context()
_ANY.check_hostname = False
_ANY.verify_mode = ssl.CERT_NONE  # our own loopback


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running exporter."""

    pid: int
    port: int
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pids(self) -> tuple[int, ...]:
        """Its processes: itself and the reader child."""
        return processes.tree(self.pid)

    def get(self, path: str, **headers: str) -> bytes:
        """What it answers at *path*."""
        request = Request(self.url + path, headers=headers)  # noqa: S310 - our own loopback
        with urlopen(request, timeout=10, context=_ANY) as response:  # noqa: S310
            body: bytes = response.read()
        return body

    def ready(self) -> bool:
        """Whether it has read its GPUs."""
        try:
            self.get("/readyz")
        except (URLError, ConnectionError):
            return False
        return True


@contextmanager
def serving(*arguments: str, prefix: Sequence[str] = ()) -> Iterator[Exporter]:
    """An exporter with a state folder of its own that has made every kind of reading."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="gpuvitals-bench-") as folder:
        command = [*prefix, sys.executable, "-m", "gpuvitals", "serve", "--state-dir", folder]
        command += ["--listen", f"127.0.0.1:{port}", "--log-level", "error", *arguments]
        with subprocess.Popen(command) as process:
            try:
                scheme = "https" if "--web-config" in arguments else "http"
                exporter = Exporter(process.pid, port, scheme)
                _wait(exporter)
                yield exporter
            finally:
                _end(process)


def _wait(exporter: Exporter) -> None:
    until = time.monotonic() + _READY
    while not exporter.ready():
        if time.monotonic() > until:
            raise TimeoutError(f"the exporter is not ready after {_READY:.0f} s")
        time.sleep(0.2)
    time.sleep(_SETTLED)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
