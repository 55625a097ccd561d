"""The parts that stand at the door together."""

from dataclasses import dataclass
from pathlib import Path

from exporter.audit import Audit
from exporter.prometheus import Instruments
from exporter.web.door.deadlines import Deadlines
from exporter.web.door.door import Door
from exporter.web.door.limits import Limits
from exporter.web.door.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What `Entrance` and `Guard` share."""

    door: Door
    limits: Limits
    record: Record
    deadlines: Deadlines


def doorway(
    web_config: str | Path, instruments: Instruments, audit: Audit, limits: Limits | None = None
) -> Doorway:
    """A doorway with the lock in *web_config*; without one everyone is let in.

    Raises:
        ConfigError: the file cannot be used.
    """
    limits = limits or Limits()
    record = Record(instruments, audit)
    return Doorway(
        door=Door(str(web_config), record.web_config_reloaded),
        limits=limits,
        record=record,
        deadlines=Deadlines(limits.request, record),
    )
