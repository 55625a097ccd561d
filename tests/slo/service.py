"""A small GPU service as people write them: aiohttp, measured with prometheus_client under OpenTelemetry's names.

It keeps a histogram of its own outages: once a second it looks whether its backend answers. In tests a second is shorter.

    python tests/slo/service.py PORT SECONDS_PER_SECOND
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Those that OpenTelemetry advises for the durations of HTTP requests."""
SLOW = 0.15


class Service:
    """The service: what it is asked, how long that took, and when its backend was away."""

    def __init__(self, second: float) -> None:
        self._second = second
        self._broken = 0
        self.registry = CollectorRegistry()
        self._duration = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP server requests.",
            ("http_request_method", "http_route", "http_response_status_code"),
            buckets=BOUNDS,
            registry=self.registry,
        )
        self._recovery = Histogram(
            "service_recovery_seconds",
            "Outages by how long they took, as seen once a second.",
            buckets=(1, 10, 30, 60, 300),
            registry=self.registry,
        )

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/generate", self._measured),
                web.post("/break", self._break),
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
            ]
        )
        app.cleanup_ctx.append(self._watched)
        return app

    async def _measured(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        response = await self._generate(request)
        labels = request.method, request.path, str(response.status)
        self._duration.labels(*labels).observe(time.perf_counter() - began)
        return response

    async def _generate(self, request: web.Request) -> web.Response:
        """One answer; `?slow` takes its time, `?fail` goes wrong."""
        if "slow" in request.query:
            await asyncio.sleep(SLOW)
        if "fail" in request.query:
            return web.Response(status=500)
        return web.Response(status=503 if self._broken else 200)

    async def _break(self, request: web.Request) -> web.Response:
        """The backend goes away for so many seconds."""
        self._broken = int(request.query["seconds"])
        return web.Response()

    async def _metrics(self, _request: web.Request) -> web.Response:
        text = generate_latest(self.registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def _watched(self, _app: web.Application) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._watch())
        yield
        watching.cancel()

    async def _watch(self) -> None:
        away = 0
        while True:
            await asyncio.sleep(self._second)
            if self._broken:
                self._broken -= 1
                away += 1
            elif away:
                self._recovery.observe(away)
                away = 0


if __name__ == "__main__":
    web.run_app(
        Service(float(sys.argv[2])).app(), host="127.0.0.1", port=int(sys.argv[1]), print=None
    )
