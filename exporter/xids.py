"""What the records of the kernel log and the events of NVML count: each Xid once.

The kernel log is the authority. On a first start, and after a time in which it could not be read, what it holds already
becomes history and no count; after a restart it goes on where it stopped.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from catalog.event import Event
from catalog.metrics.events import PROBE_XIDS, SXID_ERRORS, XID_ERRORS
from catalog.probe import is_process
from catalog.xid import sxid
from catalog.xid.actions import Action
from catalog.xid.policy import Policy
from exporter import xid_events
from exporter.twins import Twins
from history.minute import Key
from probes.kernel_log import nvrm
from probes.kernel_log.nvrm import Place, Switch, SxidRecord, XidRecord
from probes.kernel_log.progress import Cursor
from probes.kernel_log.reader import Batch, Problem
from probes.kernel_log.record import Record

_TABLE = Policy()
Asked = Callable[[str], Action]
"""From the UUID of a GPU to what it asks for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What must outlive the process, so that no record counts twice and none is missed.

    Attributes:
        counting: whether records count; not while older ones are read for the first time.
        places: UUIDs by PCI address, as the log told them: of a lost GPU nobody else does.
        switches: PCI addresses of the NVSwitches that the log told of.
    """

    cursor: Cursor = field(default_factory=Cursor)
    counting: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    switches: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One event, and the counter that it adds one to.

    Attributes:
        key: None if it only becomes history: it is older than our first start, or of a GPU that nobody knows.
    """

    event: Event
    key: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one look at the sources comes to; all of it commits together, or none.

    Attributes:
        lost: records that nobody can read any more.
    """

    counted: tuple[Counted, ...]
    mark: Mark
    lost: int = 0


class Ledger:
    """Decides what counts.

    Args:
        mark: where an earlier process stopped; None on the first start.
        asked: what a GPU asks for itself, which an event's advice follows.

    Attributes:
        policy: what a record asks for; the operator may change it at any time.
    """

    def __init__(
        self,
        mark: Mark | None,
        policy: Policy = _TABLE,
        asked: Asked = lambda _: Action.NONE,
    ) -> None:
        mark = mark or Mark()
        self._counting = mark.counting
        self._learned = dict(mark.places)
        self._switches = set(mark.switches)
        self.policy = policy
        self._asked = asked
        self._twins = Twins()

    @property
    def dropped(self) -> int:
        """Events of NVML that came faster than they could be judged, and are lost."""
        return self._twins.dropped

    @property
    def waiting(self) -> bool:
        """Whether an event of NVML waits for its twin."""
        return self._twins.waiting

    def told(self, event: Event, now: float) -> None:
        """NVML told of an Xid; *now* is of a clock that never jumps."""
        self._twins.told((event.uuid, event.code or 0), event, now)

    def knows(self, batch: Batch, places: Mapping[str, str]) -> bool:
        """Whether each GPU of *batch* has a UUID: in *places*, by PCI address, or as the log told."""
        told = {*places, *self._learned}
        for one in batch.records:
            for found in nvrm.read(one.text):
                if isinstance(found, Place):
                    told.add(found.pci)
                elif isinstance(found, XidRecord) and found.pci not in told:
                    return False
        return True

    def heard(self, batch: Batch, places: Mapping[str, str], now: float) -> Outcome:
        """What *batch* counts, and which events of NVML have waited long enough."""
        if batch.problem is Problem.DENIED:
            self._counting = False
        counted = [
            one
            for heard in batch.records
            for found in nvrm.read(heard.text)
            for one in self._record(heard, found, places, now)
        ]
        if batch.caught_up:
            self._counting = True
        counted += self._alone(batch, now)
        mark = Mark(
            cursor=batch.cursor,
            counting=self._counting,
            places=dict(self._learned),
            switches=frozenset(self._switches),
        )
        return Outcome(counted=tuple(counted), mark=mark, lost=batch.lost)

    def _record(
        self,
        heard: Record,
        found: XidRecord | SxidRecord | Place | Switch,
        places: Mapping[str, str],
        now: float,
    ) -> Iterator[Counted]:
        at = 0.0 if heard.at is None else heard.at
        match found:
            case Place():
                self._learned[found.pci] = found.uuid
            case Switch():
                self._switches.add(found.pci)
            case SxidRecord():
                self._switches.add(found.pci)
                yield self._sxid(found, at)
            case XidRecord():
                uuid = places.get(found.pci) or self._learned.get(found.pci, "")
                yield from self._xid(found, uuid, at, now)

    def _sxid(self, found: SxidRecord, at: float) -> Counted:
        action = sxid.action(found.code, fatal=found.fatal)
        labels = (found.pci, str(found.code), action.value)
        key = Key("", SXID_ERRORS, labels) if self._counting else None
        return Counted(event=xid_events.of_switch(found, action, at), key=key)

    def _xid(self, found: XidRecord, uuid: str, at: float, now: float) -> Iterator[Counted]:
        action = self.policy.action(found.code, found.text)
        advice = self.policy.advice(found.code, found.text, self._asked(uuid))
        harmless = _of_probe_alone(found, action)
        event = xid_events.of_record(found, uuid, at, advice, harmless_probe=harmless)
        if not self._counting:
            yield Counted(event=event)
        elif self._twins.recorded((uuid, found.code), now):
            key = Key(uuid, PROBE_XIDS) if harmless else _key(uuid, found.code, action)
            yield Counted(event=event, key=key if uuid else None)

    def _alone(self, batch: Batch, now: float) -> Iterator[Counted]:
        """The events of NVML that count: no twin has come, or none can come."""
        if batch.problem:
            events = self._twins.alone(now, patience=0.0)
        else:
            events = self._twins.alone(now) if batch.caught_up else []
        for (uuid, code), told in events:
            event = xid_events.of_nvml(told, self.policy.advice(code, "", self._asked(uuid)))
            key = _key(uuid, code, self.policy.action(code)) if uuid else None
            yield Counted(event=event, key=key)


def _of_probe_alone(found: XidRecord, action: Action) -> bool:
    """Whether a probe of ours is to blame: an error of its own program, not of the GPU that it ran on."""
    return is_process(found.process) and action in (Action.NONE, Action.RESTART_APP)


def _key(uuid: str, code: int, action: Action) -> Key:
    return Key(uuid, XID_ERRORS, (str(code), action.value))
