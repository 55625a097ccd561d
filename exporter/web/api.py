"""The JSON API: what the page and scripts read."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from catalog.snapshot import GpuView, Reading, Snapshot
from exporter import holders
from exporter.web import events_api, history_api, probes_api
from exporter.web.keys import CLOCK, EVENTS, HISTORY, HUB, PROBER

QUESTIONS = web.AppKey("questions", asyncio.Semaphore)
"""Questions to the history that are answered at once; one of 35 days takes a thread for a second."""
AT_ONCE = 2


async def gpus(request: web.Request) -> web.Response:
    """GET /api/v1/gpus: every GPU with its newest readings."""
    return web.json_response(gpus_of(request.app[HUB].latest))


def gpus_of(snapshot: Snapshot) -> dict[str, Any]:
    """Every GPU of *snapshot*, and what is said of the node."""
    return {
        "driver_up": snapshot.driver_up,
        "gpus": [_gpu(view) for view in snapshot.gpus.values()],
        "node": {"metrics": _families(snapshot.node.values())},
    }


async def history(request: web.Request) -> web.Response:
    """GET /api/v1/history: one question to the history."""
    asked = request.query, request.app[HISTORY], request.app[CLOCK]()
    async with request.app[QUESTIONS]:
        text = await asyncio.to_thread(lambda: json.dumps(history_api.answer(*asked)))
    return web.Response(text=text, content_type="application/json")


async def probes(request: web.Request) -> web.Response:
    """GET /api/v1/probes: what the active probes found, and when they look again."""
    app = request.app
    return web.json_response(probes_api.answer(request.query, app[PROBER], app[HUB].latest))


async def events(request: web.Request) -> web.Response:
    """GET /api/v1/events: what happened, newest first."""
    indices = {view.identity.index: uuid for uuid, view in request.app[HUB].latest.gpus.items()}
    asked = request.query, request.app[EVENTS], request.app[CLOCK](), indices
    body = await asyncio.to_thread(events_api.answer, *asked)
    return web.json_response(body)


def _gpu(view: GpuView) -> dict[str, Any]:
    identity = view.identity
    return {
        "uuid": identity.uuid,
        "gpu": identity.index,
        "model": identity.model,
        "pci_bus_id": identity.pci_bus_id,
        "state": view.state,
        "reason": view.reason,
        "findings": [asdict(finding) for finding in view.findings],
        "last_read": view.last_read,
        "holders": [asdict(holder) for holder in holders.of(view)],
        "metrics": _families(view.current()),
    }


def _families(readings: Iterable[Reading]) -> dict[str, list[dict[str, Any]]]:
    families: dict[str, list[dict[str, Any]]] = {}
    for reading in readings:
        for sample in reading.samples():
            labels = dict(zip(sample.metric.series_labels, sample.labels, strict=True))
            family = families.setdefault(sample.metric.name, [])
            family.append({"labels": labels, "value": sample.value})
    return families
