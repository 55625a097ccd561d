"""What 200 connections that never finish a request cost the scrapes of others. `python -m benchmarks.slow_clients`.

Each slow client sends a byte of a header every second, and connects again when it is cut. Rounds with and without them take turns,
so that whatever else the machine does meets both.
"""

import argparse
import contextlib
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.exporter import Exporter, serving
from benchmarks.fetch import GZIP, METRICS, fetch
from benchmarks.results import Figure, Section, limit, percentile, publish, spread

_CLIENTS = 200
_SCRAPES = 100
"""Of each round."""
_PAUSE = 0.2
_MOST_MILLISECONDS = 5.0
_BEGUN = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    alone: list[float] = []
    beside: list[float] = []
    with serving("--source", "sim") as exporter:
        for _ in range(options.rounds):
            alone += _scrapes(exporter)
            with _slow(exporter.port) as clients:
                beside += _scrapes(exporter)
                held = sum(map(_open, clients))
    figures = (
        Figure(name="p50, p99 without them", value=_both(alone)),
        Figure(name="p50, p99 beside them", value=_both(beside)),
        limit(
            "p99 beside them",
            percentile(beside, 0.99),
            _MOST_MILLISECONDS,
            "ms",
            spread(beside, "ms"),
        ),
        Figure(name="held open at the end of the last round", value=f"{held} connections"),
    )
    note = (
        f"8 GPUs, gzip, a new connection per scrape, {options.rounds} rounds of {_SCRAPES} scrapes without and as many beside "
        f"{_CLIENTS} clients that send a byte of a header each second."
    )
    section = Section(title="slow clients", note=note, figures=figures)
    publish(section, "benchmarks.slow_clients", arguments)


def _both(taken: Sequence[float]) -> str:
    return f"{percentile(taken, 0.5):.2f}, {percentile(taken, 0.99):.2f} ms"


def _scrapes(exporter: Exporter) -> list[float]:
    rng = random.Random(0)  # noqa: S311 - when to scrape is no secret
    taken = []
    for _ in range(_SCRAPES):
        time.sleep(rng.random() * _PAUSE)
        began = time.perf_counter()
        fetch(exporter.port, METRICS, GZIP)
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


@contextmanager
def _slow(port: int) -> Iterator[list[socket.socket]]:
    """Clients that go on until the end, each in a request that it never finishes."""
    clients = [_begin(port) for _ in range(_CLIENTS)]
    ending = threading.Event()
    feeder = threading.Thread(target=_feed, args=(clients, port, ending))
    feeder.start()
    try:
        yield clients
    finally:
        ending.set()
        feeder.join()
        for client in clients:
            client.close()


def _begin(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(_BEGUN)
    return client


def _feed(clients: list[socket.socket], port: int, ending: threading.Event) -> None:
    """A byte to each in turn; one that was cut begins anew."""
    while True:
        for place, client in enumerate(clients):
            if ending.wait(1 / len(clients)):
                return
            try:
                client.sendall(b"x")
            except OSError:
                client.close()
                clients[place] = _begin(port)


def _open(client: socket.socket) -> bool:
    """Whether the exporter has not cut it yet."""
    client.setblocking(False)  # noqa: FBT003 - its only argument
    with contextlib.suppress(BlockingIOError):
        return bool(client.recv(1))
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
