"""How much of us one client may take. Where aiohttp has a limit of its own, that one is used."""

import resource
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

AIOHTTP: Mapping[str, Any] = MappingProxyType(
    {
        "max_line_size": 8190,  # bytes; the longest question to the history is shorter
        "max_field_size": 8190,
        "max_headers": 64,
        "keepalive_timeout": 75.0,  # seconds; longer than Prometheus' usual interval, so that it keeps its connection
        "auto_decompress": False,  # nobody sends us compressed bodies but to have them unfold
        "lingering_time": 5.0,  # seconds that the rest of a refused body is read for
    }
)
"""Arguments of `web.RequestHandler`; what is too large gets 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits that aiohttp does not have.

    Attributes:
        connections: open at once, those that are still shaking hands included.
        handshake: seconds for TLS.
        request: seconds from the first byte of a connection to the end of its first request's headers, and then for a body.
        stall: seconds that a client may not read on while we answer.
    """

    connections: int = 1024
    handshake: float = 10.0
    request: float = 10.0
    stall: float = 30.0


def allow_open_files(wanted: int) -> None:
    """Let this process open *wanted* files as far as it may: systemd's usual 1,024 are fewer than our connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
