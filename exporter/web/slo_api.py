"""GET /api/v1/slo: how the objectives of the configured folder stand, by the history of this node."""

from aiohttp import web

from exporter.web.keys import OBJECTIVES
from slo.status_json import plain


async def standing(request: web.Request) -> web.Response:
    """Computed once for all who ask within five minutes."""
    objectives = request.app[OBJECTIVES]
    if not objectives:
        raise web.HTTPNotFound(
            text="this exporter has no objectives; name a folder of OpenSLO documents with slo_dir"
        )
    return web.json_response(plain(await objectives.standing()))
