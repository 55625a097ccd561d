"""The Xids of a simulated node, as if its exporter read the kernel log: each counts once, those of lost GPUs too."""

from collections.abc import Collection, Iterator, Mapping

from catalog.snapshot import Identity, Reading
from exporter.xid_totals import XidTotals
from exporter.xids import Counted, Ledger, Mark
from probes.kernel_log.pci import bus_id
from probes.kernel_log.progress import Cursor
from probes.kernel_log.reader import Batch
from probes.kernel_log.record import Record
from probes.sim.driver import SimDriver


class FleetXids:
    """Counts what the machine behind *driver* logs.

    Args:
        gpus: all that it has.
    """

    def __init__(self, driver: SimDriver, gpus: Collection[Identity]) -> None:
        self._driver = driver
        self._gpus = gpus
        self._places = {bus_id(gpu.pci_bus_id) or "": gpu.uuid for gpu in gpus}
        self._ledger = Ledger(Mark(counting=True))
        self._totals = XidTotals({})
        for gpu in gpus:
            self._totals.welcome(gpu.uuid, gpu.model)

    def heard(self, now: float) -> Mapping[str, tuple[Counted, ...]]:
        """What was logged since this was asked last, by the UUID of the GPU."""
        logged = tuple(Record(text=text, at=at) for at, text in self._driver.log())
        if not logged:
            return {}
        batch = Batch(cursor=Cursor(), records=logged, caught_up=True)
        counted = self._ledger.heard(batch, self._places, now).counted
        self._totals.committed(self._totals.after(counted))
        uuids = {one.event.uuid for one in counted}
        return {
            uuid: tuple(one for one in counted if one.event.uuid == uuid) for uuid in sorted(uuids)
        }

    def readings(self, now: float) -> Iterator[tuple[str, Reading]]:
        """The counts of every GPU, by UUID."""
        for gpu in self._gpus:
            yield gpu.uuid, self._totals.reading(gpu.uuid, now)
