"""`serve`: begins what one exporter consists of, and ends it in order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from pathlib import Path

from exporter import control
from exporter.application import application
from exporter.config import Config
from exporter.listen import bind
from exporter.orders import deaf, obeying
from exporter.page.recent import Recent
from exporter.reloading import Load
from exporter.service import Service
from exporter.web.door import serving
from probes import sources

logger = logging.getLogger(__name__)

_GRACE = 1.5
"""Seconds that open requests get to end; with the rest of the shutdown that makes 2 s."""


async def serve(
    config: Config, load: Load, clock: Callable[[], float], recent: Recent | None = None
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: how it begins.
        load: reads the configuration again, on SIGHUP.
        clock: seconds since 1970.
        recent: the last 15 minutes, if they are known already.

    Raises:
        ConfigError: the configuration cannot be served.
    """
    deaf()
    sources.check(config.source)
    listener = bind(config.listen)
    with control.own(Path(config.state_dir)), contextlib.closing(listener):
        service = Service(config, clock, recent or Recent())
        app = application(service, config, clock)
        runner = await serving.serve(app, listener, service.doorway, _GRACE)
        host, port = listener.getsockname()[:2]
        logger.info("serving", extra={"address": f"{host}:{port}", "source": config.source})
        running = service.run()
        ending = asyncio.Event()
        store = asyncio.create_task(service.store.run(service.totals, ending))
        xids = asyncio.create_task(service.xids.watch.run(ending))
        attribution = asyncio.create_task(service.attribution.run())
        with obeying(service, load):
            await _until_told(service.failure, *running, store, xids)
        await service.prober.close()
        for task in (*running, attribution):
            task.cancel()
        await asyncio.gather(*running, attribution, runner.cleanup(), return_exceptions=True)
        ending.set()
        await xids
        await store
        logger.info("stopped")
        for ended in (service.failure, *running):
            if ended.done() and not ended.cancelled():
                ended.result()


async def _until_told(*failures: "asyncio.Future[None]") -> None:
    """Wait for SIGTERM or SIGINT, or for what should never end to do so."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.ensure_future(_set(stop))
    await asyncio.wait((stopped, *failures), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()


async def _set(event: asyncio.Event) -> None:
    await event.wait()
