"""One request over a connection of its own, without an HTTP library, whose objects would be measured too."""

import socket

METRICS = "/metrics"
PLAIN = "Accept: text/plain; version=0.0.4\r\n"
GZIP = "Accept: application/openmetrics-text; version=1.0.0\r\nAccept-Encoding: gzip\r\n"
"""As Prometheus asks."""


def fetch(port: int, path: str, head: str) -> bytes:
    """The whole answer."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.encode())
        while part := connection.recv(1 << 20):
            answer += part
    return bytes(answer)
