"""Whether the process lives, whether it is ready, whether its GPUs are well."""

from aiohttp import web

from catalog.finding import State
from catalog.snapshot import Snapshot
from exporter.health.account import AVAILABLE
from exporter.web.keys import CLOCK, HUB

_STALE = 15.0
"""Seconds after which a reading of the one-second tier is stale whatever the state says."""


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: the process answers."""
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: the first collection is done, whatever it found, so that a broken GPU stalls no rollout."""
    snapshot = request.app[HUB].latest
    told = any(
        view.readings if view.readable else view.reason != "not_read_yet"
        for view in snapshot.gpus.values()
    )
    if snapshot.version == 0 or (snapshot.driver_up and not told):
        return web.Response(status=503, text="the first collection is not done yet\n")
    return web.Response(text="ready\n")


async def healthz_gpus(request: web.Request) -> web.Response:
    """GET /healthz/gpus: 503 if a GPU is lost, hung, unknown, unhealthy or stale, for people and prolog scripts."""
    return gpu_health(request.app[HUB].latest, request.app[CLOCK]())


def gpu_health(snapshot: Snapshot, now: float) -> web.Response:
    """Whether all GPUs of *snapshot* serve work at the time *now*; of those that do, a degraded or recovering one is a warning."""
    faults = {
        uuid: f"{view.state}: {view.reason}"
        if State(view.state) not in AVAILABLE
        else f"stale: last read {now - view.last_read:.0f} s ago"
        for uuid, view in snapshot.gpus.items()
        if State(view.state) not in AVAILABLE or now - view.last_read > _STALE
    }
    warnings = {
        uuid: f"{view.state}: {view.reason}"
        for uuid, view in snapshot.gpus.items()
        if uuid not in faults and view.reason
    }
    healthy = snapshot.driver_up and bool(snapshot.gpus) and not faults
    body = {
        "healthy": healthy,
        "driver_up": snapshot.driver_up,
        "faults": faults,
        "warnings": warnings,
    }
    return web.json_response(body, status=200 if healthy else 503)
