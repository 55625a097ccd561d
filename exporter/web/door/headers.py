"""Headers that every answer has, and those that a web configuration may set."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from aiohttp import hdrs, web

from catalog.typed import Mismatch, check_word

ALWAYS = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
    }
)
"""Where an answer says nothing stricter itself, as the page does."""

_ANY: tuple[str, ...] = ()
_SETTABLE = MappingProxyType(
    {
        "Content-Security-Policy": _ANY,
        "Strict-Transport-Security": _ANY,
        "X-Content-Type-Options": ("nosniff", ""),
        "X-Frame-Options": ("deny", "sameorigin", ""),
        "X-XSS-Protection": _ANY,
    }
)
"""Exporter-toolkit's list, with the values that it takes; a blank one leaves the header out."""


def check(headers: Mapping[str, str]) -> None:
    """Complain about a header that cannot be set, or not to this value.

    Raises:
        Mismatch: there is one.
    """
    for name, value in headers.items():
        check_word(name, _SETTABLE, "header", "headers")
        allowed = _SETTABLE[name]
        if allowed and value not in allowed:
            known: Iterable[str] = filter(None, allowed)
            raise Mismatch(f"headers: {name} takes {' or '.join(known)}, not {value!r}", "headers")
        if not value.isprintable():
            raise Mismatch(f"headers: {name} must be one line of text, not {value!r}", "headers")


def dress(response: web.StreamResponse, configured: Mapping[str, str]) -> None:
    """Give *response* the headers that every answer has; those *configured* win, a blank one is left out."""
    response.headers[hdrs.SERVER] = "gpuvitals"
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    for name, value in configured.items():
        response.headers.popall(name, None)
        if value:
            response.headers[name] = value
