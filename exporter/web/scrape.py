"""`/metrics`: the newest snapshot in the format that the client wants, rendered at most once for all who ask."""

import gzip
from collections.abc import Callable, Collection

from aiohttp import web

from catalog.metric import Kind, Metric
from catalog.metrics import ALL, BY_NAME, exporter
from exporter.exposition import Exposition, Format
from exporter.hub import Hub
from exporter.prometheus import Instruments
from exporter.web.negotiation import accepts_gzip, exposition_format

_END = "# EOF\n"
# Level 1 costs a third of level 6 and yields 15 % more bytes on this text.
_GZIP_LEVEL = 1
_FILTERED = 32
"""Different `name[]` filters whose answers are kept; one Prometheus sends one."""

Request = tuple[Format, bool, frozenset[str] | None]


class Scrapes:
    """Answers scrapes.

    Args:
        most: how many are served at once; one more is refused.
        off: metrics that the operator left out.
    """

    def __init__(
        self,
        hub: Hub,
        instruments: Instruments,
        clock: Callable[[], float],
        most: int,
        off: Collection[Metric] = (),
    ) -> None:
        self._hub = hub
        self._instruments = instruments
        self._clock = clock
        self._most = most
        self._off = frozenset(off)
        self._exposition = Exposition()
        self._under_way = 0
        self._made: tuple[int, int] = (-1, -1)
        self._bodies: dict[Request, bytes] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET /metrics."""
        if self._under_way >= self._most:
            self._instruments.add(exporter.SCRAPES_REFUSED)
            raise web.HTTPServiceUnavailable(
                text=f"{self._most} scrapes are under way already; try again", headers=_RETRY
            )
        self._under_way += 1
        try:
            response = self._answer(request)
            await response.prepare(request)
            await response.write_eof()
            return response
        finally:
            self._under_way -= 1

    def _answer(self, request: web.Request) -> web.Response:
        fmt = exposition_format(request.headers.get("Accept", ""))
        compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        names = _names(request.query.getall("name[]", []))
        headers = {"Content-Type": fmt.value, "Vary": "Accept, Accept-Encoding"}
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=self.body(fmt, names, compressed=compressed), headers=headers)

    def body(
        self, fmt: Format, names: frozenset[str] | None = None, *, compressed: bool = False
    ) -> bytes:
        """The exposition; the same bytes until the snapshot changes or a second has passed."""
        now = (self._hub.latest.version, int(self._clock()))
        if now != self._made or len(self._bodies) > _FILTERED:
            self._made = now
            self._bodies.clear()
        key = (fmt, compressed, names)
        if key not in self._bodies:
            self._bodies[key] = self._render(fmt, names, compressed=compressed)
        return self._bodies[key]

    def _render(self, fmt: Format, names: frozenset[str] | None, *, compressed: bool) -> bytes:
        if compressed:
            plain = self.body(fmt, names)
            return gzip.compress(plain, _GZIP_LEVEL, mtime=0)
        gpus = self._exposition.render(
            self._hub.latest,
            fmt,
            lambda metric: metric not in self._off and (names is None or metric.name in names),
        )
        own = self._instruments.render(fmt, None if names is None else _samples(names))
        return (gpus + own + (_END if fmt is Format.OPENMETRICS else "")).encode()


_RETRY = {"Retry-After": "1"}


def _names(wanted: list[str]) -> frozenset[str] | None:
    for name in wanted:
        if name not in BY_NAME:
            raise web.HTTPBadRequest(
                text=f"name[]={name}: there is no such metric; METRICS.md lists all {len(ALL)}"
            )
    return frozenset(wanted) if wanted else None


def _samples(names: frozenset[str]) -> frozenset[str]:
    """The names of the samples of our own families, as prometheus_client filters by them."""
    suffixes = ("", "_count", "_sum", "_bucket")
    return frozenset(
        name + suffix
        for name in names
        for suffix in (suffixes if BY_NAME[name].kind is Kind.HISTOGRAM else ("",))
    )
