"""A real Alertmanager for a test, and a webhook that keeps what it is told."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.servers import free_port, get, started

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Notification:
    """One call of the webhook.

    Attributes:
        to: the path, which says whom it was for.
        alerts: labels and annotations of each alert, as Alertmanager wrote them.
        at: seconds of a clock that never jumps.
    """

    to: str
    status: str
    alerts: tuple[Mapping[str, Any], ...]
    at: float

    def named(self) -> set[str]:
        """The names of its alerts."""
        return {alert["labels"]["alertname"] for alert in self.alerts}


class Webhook:
    """Everything that was told so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.told: list[Notification] = []

    def about(self, name: str, status: str = "") -> list[Notification]:
        """Those about one alert."""
        return [one for one in self.told if name in one.named() and status in ("", one.status)]

    def wait(self, look: Callable[[], object]) -> None:
        """Until *look* finds something true."""
        until = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < until, self.told
            time.sleep(0.05)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook on the loopback."""
    heard: list[Notification] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            alerts = tuple(body["alerts"])
            heard.append(Notification(self.path, body["status"], alerts, time.monotonic()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        found = Webhook(f"http://127.0.0.1:{server.server_port}")
        found.told = heard
        yield found
        server.shutdown()
        thread.join()


class Alertmanager:
    """The API of a running one."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, *alerts: Mapping[str, str]) -> None:
        """Let alerts with these labels begin."""
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        request = Request(  # noqa: S310 - our own loopback
            f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=10):  # noqa: S310
            pass

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that it holds."""
        found: list[dict[str, Any]] = json.loads(get(f"{self.url}/api/v2/alerts"))
        return found

    def groups(self, receiver: str) -> list[dict[str, Any]]:
        """The notification groups of one receiver."""
        found = json.loads(get(f"{self.url}/api/v2/alerts/groups"))
        return [group for group in found if group["receiver"]["name"] == receiver]

    def silenced(self) -> set[tuple[str, str]]:
        """Name and node of each alert that another one inhibits."""
        return {
            (alert["labels"]["alertname"], alert["labels"].get("node", ""))
            for alert in self.alerts()
            if alert["status"]["inhibitedBy"]
        }


@contextmanager
def running(
    program: Path, config: str, folder: Path, options: Sequence[str] = (), port: int = 0
) -> Iterator[Alertmanager]:
    """An Alertmanager with *config*, its files in *folder*."""
    file = folder / "alertmanager.yml"
    file.write_text(config)
    url = f"http://127.0.0.1:{port or free_port()}"
    command: list[str | Path] = [
        program,
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
        *options,
    ]
    with started(command, f"{url}/-/ready", folder / "alertmanager.log"):
        yield Alertmanager(url)
