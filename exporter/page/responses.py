"""HTTP responses of the page: what the browser may load, and how long it may keep it."""

from types import MappingProxyType

from aiohttp import web

from exporter.page.assets import Asset
from exporter.page.document import Page, document
from exporter.page.scene import About

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SMALL = 4096
"""Bytes above which compressing is left to a thread, so that no scrape waits for it."""
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
)


def html(page: Page, about: About, status: int = 200) -> web.Response:
    """A page, never kept: it is old a second later."""
    response = web.Response(
        # A driver may hand out text that is no Unicode; a page with a question mark beats none.
        body=document(page, about).encode(errors="replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
        zlib_executor_size=_SMALL,
        headers={**HEADERS, "Cache-Control": "no-store"},
    )
    response.enable_compression()
    return response


def asset(found: Asset, if_none_match: str) -> web.Response:
    """A file of ours, kept for ever: its address names its content."""
    tag = f'"{found.digest}"'
    headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable", "ETag": tag}
    if tag in if_none_match:
        return web.Response(status=304, headers=headers)
    response = web.Response(
        body=found.body, content_type=found.content_type, charset="utf-8", headers=headers
    )
    response.enable_compression()
    return response
