"""Query strings and paths, each in a request that is otherwise right."""

from collections.abc import Iterator
from urllib.parse import quote

from tests.fuzz.service import exporter
from tests.fuzz.target import Target

_PATIENCE = 5.0
_PATHS = (
    b"/metrics",
    b"/api/v1/events",
    b"/api/v1/history",
    b"/gpus/",
    b"/static/",
    b"/",
    b"/api/v1/gpus",
)
_UNSAFE = bytes((*range(0x21), 0x7F))
"""What ends a request line early, which is another target's."""


def one(data: bytes) -> None:
    """The first byte chooses a path, the rest follows it; there is an answer and it is no 5xx."""
    path = _PATHS[data[0] % len(_PATHS)] if data else b"/"
    rest = data[1:].translate(None, _UNSAFE)
    answer = exporter().answer(
        b"GET " + path + rest + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", _PATIENCE
    )
    assert answer.startswith(b"HTTP/1."), "no answer"


def seeds() -> Iterator[bytes]:
    """Each parameter of each path."""
    yield b"\0?name[]=gpu_power_watts&name[]=process_open_fds"
    for query in (
        "from=-24h&to=now&uuid=GPU-1&kind=xid,gpu_lost&limit=3",
        "limit=2&before=1795517991.0_4",
        "from=2026-07-01T12:00:00Z&to=1795518000",
    ):
        yield b"\1?" + query.encode()
    for query in (
        "metric=gpu_power_watts&function=mean&from=-1h&to=now&step=60&by=uuid",
        "metric=gpu_temperature_celsius&function=quantile&q=0.9&match=sensor:gpu&by=",
        "metric=gpu_energy_joules_total&function=increase&step=5m&from=now-2h30m",
        "metric=gpu_clock_hertz&function=last&match=clock=sm,uuid:GPU-1&step=0",
    ):
        yield b"\2?" + query.encode()
    for span in ("15m", "1h", "24h", "7d", "30d", "x"):
        yield b"\3" + f"GPU-1?range={span}".encode()
    yield b"\1?limit=" + b"9" * 5000
    yield b"\2?metric=gpu_power_watts&step=" + b"9" * 400 + b"m"
    yield b"\4" + b"0123456789abcdef/gpuvitals.css"
    yield b"\4" + b"../../etc/passwd"
    yield b"\5" + quote("?\0ä").encode()


TARGET = Target(name="http_query", one=one, seeds=seeds, share=50, longest=8000)
