"""Whatever a client may send on a connection: methods, headers, bodies, several requests, rubbish."""

from collections.abc import Iterator

from tests.fuzz.service import exporter
from tests.fuzz.target import Target

_PATIENCE = 0.01
"""Seconds; the rest of what is half a request would be awaited for longer."""


def one(data: bytes) -> None:
    """It is answered, refused or awaited; never with a 5xx."""
    exporter().answer(data, _PATIENCE)


def seeds() -> Iterator[bytes]:
    """Requests of scrapers, browsers and scripts."""
    head = b" HTTP/1.1\r\nHost: localhost:9400\r\n"
    yield (
        b"GET /metrics"
        + head
        + b"Accept: application/openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.1\r\n"
        + (b"Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n")
    )
    yield (
        b"GET /"
        + head
        + b"Accept-Encoding: deflate, br\r\nAuthorization: Basic YTpi\r\nIf-None-Match: x\r\n\r\n"
    )
    yield b"GET /live?gpu=GPU-1" + head + b"Last-Event-ID: 4\r\n\r\n"
    yield b"HEAD /healthz HTTP/1.0\r\n\r\nGET /readyz" + head + b"\r\n"
    body = b'{"gpu": 0, "kind": "hang"}'
    sized = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    yield b"POST /api/v1/faults" + head + sized + body
    yield (
        b"POST /api/v1/faults"
        + head
        + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n4\r\n{}  \r\n0\r\n\r\n"
    )
    yield (
        b"POST /api/v1/faults"
        + head
        + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    )
    yield (
        b"POST /api/v1/faults"
        + head
        + b"Content-Type: multipart/form-data; boundary=a; charset=x\r\n"
        + (b"Origin: http://a\r\nContent-Length: 2\r\n\r\n{}")
    )
    yield (
        b"OPTIONS *"
        + head
        + b"Upgrade: websocket\r\nConnection: upgrade\r\nRange: bytes=0-,-1\r\n\r\n"
    )
    yield b"CONNECT localhost:22 HTTP/1.1\r\n\r\n"


TARGET = Target(name="http_request", one=one, seeds=seeds, share=20, longest=4096)
