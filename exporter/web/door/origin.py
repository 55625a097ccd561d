"""Whether another site's page had a browser send a request: it would come with the browser's certificate and password.

The rules are those of Go's `http.CrossOriginProtection`: https://pkg.go.dev/net/http#CrossOriginProtection
"""

from aiohttp import hdrs, web

_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
"""They change nothing, and the browser shows their answers to our own pages only."""
SAID = "a page of another site sent this; nothing is changed for it"
_OURS = frozenset({"same-origin", "none"})


def foreign(request: web.BaseRequest) -> bool:
    """Whether it may change something and comes from another site; programs other than browsers do not say."""
    if request.method in _SAFE:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in _OURS
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is not None and origin.partition("://")[2] != request.headers.get(hdrs.HOST)
