"""The Xids of a simulated node, counted as if its exporter read the kernel log: each once, those of lost GPUs too."""

from collections.abc import Iterator, Mapping

from catalog.event import Event, EventKind
from catalog.metrics.events import XID_ERRORS
from catalog.snapshot import Identity, Reading
from catalog.xid import record
from exporter.xid_totals import XidTotals
from exporter.xids import Counted
from history.minute import Key
from probes.sim.driver import SimDriver


class FleetXids:
    """Counts what the machine behind *driver* would have logged.

    Args:
        gpus: by their index.
    """

    def __init__(self, driver: SimDriver, gpus: Mapping[int, Identity]) -> None:
        self._driver = driver
        self._gpus = gpus
        self._until = float("-inf")
        self._totals = XidTotals({})
        for gpu in gpus.values():
            self._totals.welcome(gpu.uuid, gpu.model)

    def readings(self, now: float) -> Iterator[tuple[str, Reading]]:
        """The counts of every GPU at *now*, by UUID."""
        since, self._until = self._until, max(now, self._until)
        logged = self._driver.xids(since, now)
        self._totals.committed(self._totals.after([self._counted(*one) for one in logged]))
        for gpu in self._gpus.values():
            yield gpu.uuid, self._totals.reading(gpu.uuid, now)

    def _counted(self, at: float, index: int, code: int) -> Counted:
        uuid, action = self._gpus[index].uuid, record.action(code, "")
        event = Event(
            at=at,
            kind=EventKind.XID,
            severity=action.severity,
            message=f"Xid {code}",
            uuid=uuid,
            code=code,
        )
        return Counted(event=event, key=Key(uuid, XID_ERRORS, (str(code), action.value)))
