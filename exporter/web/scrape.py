"""`/metrics`: the newest snapshot in the format that the client wants, rendered at most once for all who ask."""

import asyncio
import contextlib
from collections.abc import Callable, Collection

from aiohttp import web
from deflate import gzip_compress

from catalog.metric import Metric
from catalog.metrics import ALL, BY_NAME, exporter
from exporter.compat.writer import CompatWriter
from exporter.exposition import Exposition, Format
from exporter.hub import Hub
from exporter.prometheus import Instruments
from exporter.web.negotiation import accepts_gzip, exposition_format

_END = "# EOF\n"
# On this text libdeflate's level 1 takes half the time of zlib's, and yields 7 % fewer bytes.
_GZIP_LEVEL = 1
_FILTERED = 32
"""Different `name[]` filters whose answers are kept; one Prometheus sends one."""

Request = tuple[Format, bool, frozenset[str] | None]


class Scrapes:
    """Answers scrapes."""

    def __init__(
        self,
        hub: Hub,
        instruments: Instruments,
        clock: Callable[[], float],
        exposition: Exposition | None = None,
    ) -> None:
        self._hub = hub
        self._instruments = instruments
        self._clock = clock
        self._most = 40
        self._off: frozenset[Metric] = frozenset()
        self._exposition = exposition or Exposition()
        self._compat: CompatWriter | None = None
        self._under_way = 0
        self._made: tuple[int, int] = (-1, -1)
        self._bodies: dict[Request, bytes] = {}

    def configure(
        self, most: int, off: Collection[Metric], compat: CompatWriter | None = None
    ) -> None:
        """Serve at most *most* scrapes at once, leave the metrics *off* out, add those of *compat*."""
        self._most = most
        self._off = frozenset(off)
        self._compat = compat
        self._bodies.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET /metrics.

        A scrape is under way until the kernel has taken the last byte: clients that do not read count, however many
        connections stay open do not.
        """
        if self._under_way >= self._most:
            self._instruments.add(exporter.SCRAPES_REFUSED)
            raise web.HTTPServiceUnavailable(
                text=f"{self._most} scrapes are under way already; try again", headers=_RETRY
            )
        self._under_way += 1
        try:
            response = self._answer(request)
            if request.transport and not request.secure:
                # Else 64 KiB may wait uncounted; under TLS every answer would wait for a turn of the loop, and be counted.
                request.transport.set_write_buffer_limits(high=0)
            with contextlib.suppress(ConnectionError):  # gone before the end: nobody to answer
                await _send(request, response)
            return response
        finally:
            self._under_way -= 1

    def _answer(self, request: web.Request) -> web.Response:
        fmt = exposition_format(request.headers.get("Accept", ""))
        compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        names = self._names(request.query.getall("name[]", []))
        headers = {"Content-Type": fmt.value, "Vary": "Accept, Accept-Encoding"}
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=self.body(fmt, names, compressed=compressed), headers=headers)

    def _names(self, wanted: list[str]) -> frozenset[str] | None:
        for name in wanted:
            if not self._known(name):
                raise web.HTTPBadRequest(
                    text=f"name[]={name}: there is no such metric; METRICS.md lists all {len(ALL)}"
                )
        return frozenset(wanted) if wanted else None

    def _known(self, name: str) -> bool:
        foreign = self._compat is not None and name in self._compat.names
        return foreign or name in BY_NAME or self._instruments.writes(name)

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
            return bytes(gzip_compress(plain, _GZIP_LEVEL))
        gpus = self._exposition.render(
            self._hub.latest,
            fmt,
            lambda metric: metric not in self._off and (names is None or metric.name in names),
        )
        compat = self._compat.render(self._hub.latest, fmt, names) if self._compat else ""
        own = self._instruments.render(fmt, names, self._off)
        return (gpus + compat + own + (_END if fmt is Format.OPENMETRICS else "")).encode()


_RETRY = {"Retry-After": "1"}
_PATIENCE = 10.0
"""Seconds that a client may take to read the answer; Prometheus gives up after as many by default."""


async def _send(request: web.Request, response: web.Response) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport:
            request.transport.abort()
