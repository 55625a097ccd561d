"""Real servers for a test: each on a free port, ended with the test, its log shown if something fails."""

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

_READY = 30.0
_STOP = 10.0


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def get(url: str) -> str:
    """What *url* answers."""
    with urlopen(url, timeout=10) as response:  # noqa: S310 - our own loopback
        text: str = response.read().decode()
    return text


@contextmanager
def started(
    command: Sequence[str | Path], ready: str, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that answers at the URL *ready*."""
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            _wait(process, ready)
            yield process
        except BaseException as error:
            error.add_note(f"{command[0]} said:\n{log.read_text(encoding='utf-8')[-5000:]}")
            raise
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", ready: str) -> None:
    until = time.monotonic() + _READY
    while not _answers(ready):
        assert process.poll() is None, f"it ended with {process.returncode}"
        assert time.monotonic() < until, f"it is not ready after {_READY:.0f} s"
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        get(url)
    except HTTPError as error:
        error.close()
        return False
    except (URLError, ConnectionError):
        return False
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
