"""What is known of the probes, in the state database: one text per GPU, so that baselines survive a restart."""

import asyncio
import logging

import msgspec

from history.database import Database
from history.notes import Notes
from probes.active.record import Record

logger = logging.getLogger(__name__)

_PREFIX = "probes "
_Records = dict[str, Record]


class ProbeNotes:
    """Records by GPU and task."""

    def __init__(self, database: Database) -> None:
        self._notes = Notes(database)

    def load(self) -> dict[str, _Records]:
        """Everything, by UUID; what cannot be read any more is learned anew."""
        found: dict[str, _Records] = {}
        for name, text in self._notes.beginning(_PREFIX).items():
            uuid = name.removeprefix(_PREFIX)
            try:
                found[uuid] = msgspec.json.decode(text, type=_Records)
            except msgspec.MsgspecError as error:
                logger.warning("probes.forgotten", extra={"uuid": uuid, "error": str(error)})
        return found

    def write(self, uuid: str, records: _Records) -> None:
        """Keep the records of one GPU.

        Raises:
            HistoryError: they could not be written.
        """
        self._notes.write(f"{_PREFIX}{uuid}", msgspec.json.encode(records).decode())

    async def keep(self, uuid: str, records: _Records) -> None:
        """The same, off the event loop."""
        await asyncio.to_thread(self.write, uuid, dict(records))
