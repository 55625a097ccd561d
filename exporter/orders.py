"""What signals order while serving: let go of the driver, learn baselines anew, read the configuration again."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path

from exporter import control
from exporter.reloading import Load, reload
from exporter.service import Service

logger = logging.getLogger(__name__)

_ORDERS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)

Work = Callable[[], Coroutine[None, None, None]]


@contextlib.contextmanager
def obeying(service: Service, load: Load) -> Iterator[None]:
    """Obey until the end of the block; *load* reads the configuration again."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: Work) -> None:
        task = asyncio.ensure_future(work())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGUSR1, spawn, partial(_release, service))
    loop.add_signal_handler(signal.SIGUSR2, spawn, partial(_reset, service))
    loop.add_signal_handler(signal.SIGHUP, spawn, partial(reload, service, load))
    try:
        yield
    finally:
        for number in _ORDERS:
            loop.remove_signal_handler(number)
        deaf()


def deaf() -> None:
    """Before we can obey and once we no longer can, an order must not end the process, as it would by default."""
    for number in _ORDERS:
        signal.signal(number, signal.SIG_IGN)


async def _release(service: Service) -> None:
    seconds = control.requested_release(Path(service.began_with.state_dir))
    await service.prober.release()  # first: it holds the driver too
    await service.reader.release(seconds)
    service.intake.released(seconds)
    logger.info("released", extra={"seconds": seconds})


async def _reset(service: Service) -> None:
    wanted = control.requested_reset(Path(service.began_with.state_dir))
    if wanted is not None:
        count = await service.prober.ward.reset(*wanted)
        service.doorway.record.configured(f"baselines of {' '.join(wanted).strip() or 'all'}")
        logger.info("probes.reset", extra={"records": count})
