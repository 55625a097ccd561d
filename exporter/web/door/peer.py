"""Whom a client's certificate names."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

_ALTERNATIVES = frozenset({"DNS", "email", "URI"})


def names(transport: asyncio.BaseTransport) -> frozenset[str]:
    """The alternative names in the verified certificate at the other end; none without one."""
    return frozenset(_names(_certificate(transport)))


def common_name(transport: asyncio.BaseTransport) -> str:
    """The common name in the verified certificate at the other end; empty without one."""
    subject = _certificate(transport).get("subject", ())
    found = (value for part in subject for key, value in part if key == "commonName")
    return str(next(found, ""))


def _names(certificate: dict[str, Any]) -> Iterator[str]:
    for kind, value in certificate.get("subjectAltName", ()):
        if kind in _ALTERNATIVES:
            yield value
        elif kind == "IP Address":  # OpenSSL writes IPv6 out in capitals
            yield str(ip_address(value.strip()))


def _certificate(transport: asyncio.BaseTransport) -> dict[str, Any]:
    return transport.get_extra_info("peercert") or {}
