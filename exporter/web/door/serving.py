"""An application behind a door."""

import logging
import socket

from aiohttp import web

from exporter.web.door.doorway import Doorway
from exporter.web.door.entrance import Entrance
from exporter.web.door.limits import allow_open_files

_OTHERS = 1024
"""Files beside connections: history, the reader child, what the page sends."""

logger = logging.getLogger(__name__)


async def serve(
    app: web.Application, listener: socket.socket, doorway: Doorway, grace: float
) -> web.AppRunner:
    """Take connections for *app*, which has a `Guard`, from now on; `cleanup` of the result ends it within *grace*."""
    allow_open_files(doorway.limits.connections + _OTHERS)
    runner = web.AppRunner(app, shutdown_timeout=grace)
    await runner.setup()
    await Entrance(runner, listener, doorway).start()
    lock = doorway.door.look()
    logger.info(
        "door",
        extra={"tls": lock.context is not None, "users": len(lock.config.users)},
    )
    return runner
