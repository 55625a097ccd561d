"""Takes a new configuration while serving: what can change does, and what cannot is named."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from catalog.errors import ConfigError
from catalog.metrics import exporter
from exporter import objectives, plan
from exporter.compat.writer import writer
from exporter.config import FIXED, SETTINGS, Config
from exporter.logs import set_up
from exporter.probing.settings import settings
from exporter.service import Service
from probes import sources

logger = logging.getLogger(__name__)

Load = Callable[[], Config]


async def reload(service: Service, load: Load) -> None:
    """Take what *load* reads; a bad configuration keeps the old one."""
    try:
        new = load()
        start, off = plan.start(new), plan.metrics_off(new)
        probing = settings(new)
        sources.check(new.source)
        promised = await asyncio.to_thread(objectives.load, new.slo_dir)
    except ConfigError as error:
        service.instruments.add(exporter.CONFIG_RELOADS, outcome="failure")
        logger.error("config.reload_failed", extra={"error": str(error)})
        service.doorway.record.configured("configuration", error)
        return
    old, service.config = service.config, new
    service.instruments.add(exporter.CONFIG_RELOADS, outcome="success")
    service.doorway.record.configured(", ".join(_differing(SETTINGS, old, new)))
    service.doorway.door.look()
    fixed = _differing(FIXED, service.began_with, new)
    logger.info("config.reloaded", extra={"needs_restart": fixed})
    set_up(new.log_level, new.log_format)
    service.scrapes.configure(new.max_scrapes, off, writer(new.compat))
    service.objectives.configure(promised)
    service.intake.begin(start)
    service.xids.overrule(plan.policy(new))
    other_source = new.source != old.source
    service.prober.configure(probing, other_source=other_source)
    if await service.reader.restart(start):
        service.intake.restarted(other_source=other_source)


def _differing(names: Iterable[str], old: Config, new: Config) -> list[str]:
    return [name for name in names if getattr(new, name) != getattr(old, name)]
