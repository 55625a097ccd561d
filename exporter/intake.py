"""Turns the reader child's messages into the hub's snapshot, and into metrics and events of the node."""

from collections.abc import Callable, Collection

from catalog.event import Event, EventKind, Severity
from catalog.metrics import BY_NAME, exporter
from catalog.snapshot import Identity, Layout, Reading, Series, Tier, unnamed
from exporter.collector_counts import CollectorCounts
from exporter.health.watch import Watch
from exporter.prometheus import Instruments
from exporter.roll_call import RollCall
from probes.messages import (
    Beat,
    DriverState,
    Enumerated,
    EventsFailed,
    Found,
    Garbled,
    Happened,
    Health,
    Logged,
    NewLayout,
    NewProcesses,
    NewReading,
    Reply,
    Start,
    Up,
)

_VERDICTS = ("ok", "hung", "lost", "unknown")


class Intake:
    """Hears the reader child.

    Args:
        watch: told how each GPU answers; it sets the states, and tells of their changes.
        fatal: told why the source can never be read.
    """

    def __init__(
        self, watch: Watch, instruments: Instruments, fatal: Callable[[str], None]
    ) -> None:
        self._hub = watch.hub
        self._watch = watch
        self._instruments = instruments
        self._clock = watch.wiring.wall
        self._happened = watch.wiring.happened
        self._fatal = fatal
        self._layouts: dict[int, tuple[str, Tier, Layout]] = {}
        self._newest: dict[tuple[str, Tier], int] = {}
        self._counts = CollectorCounts(instruments)
        self._down = ""
        self._roll_call = RollCall()
        self._short = (0, 0)

    @property
    def unopened(self) -> int:
        """How many GPUs the driver counts that could not be opened."""
        found, count = self._short
        return max(0, count - found)

    def begin(self, start: Start) -> None:
        """What may be counted is shown from now on."""
        self._counts.begin(
            start.collectors, [name for name, most in start.budgets.items() if most]
        )

    def hear(self, message: Up) -> None:
        """Take in one message.

        Raises:
            Garbled: it makes no sense.
        """
        match message:
            case NewReading():
                self._reading(message)
            case NewLayout():
                self._layout(message)
            case Health():
                self._health(message)
            case Found() | Enumerated() | NewProcesses():
                self._there(message)
            case Happened() | EventsFailed():
                self._told(message)
            case DriverState():
                self._driver(message)
            case Beat() | Reply() | Logged():
                pass

    def reader_ended(self, reason: str) -> None:
        """The child died or was given up: until the next one reads, nothing is known of the GPUs."""
        self._instruments.add(exporter.READER_RESTARTS, reason=reason)
        self._unknown("reader_restarting")
        self._event(EventKind.READER_RESTARTED, Severity.WARNING, f"the reader ended: {reason}")

    def restarted(self, *, other_source: bool) -> None:
        """The child was ended on purpose and another is on its way."""
        self._unknown("reader_restarting")
        if other_source:
            self._hub.forget()
            self._watch.forget()

    def released(self, seconds: float) -> None:
        """The child was ended on purpose, for so long."""
        self._watch.maintained(seconds)
        self._unknown("released")
        self._hub.driver(up=False)
        self._instruments.set(exporter.DRIVER_UP, 0)
        self._instruments.set(exporter.DRIVER_RELEASED, 1)
        self._event(EventKind.DRIVER_DOWN, Severity.INFO, "the driver was released")

    def _unknown(self, reason: str) -> None:
        """Nothing is known of the GPUs, except that those are lost which were: their next reader may not find them."""
        self._forget_layouts()
        for uuid, view in self._hub.latest.gpus.items():
            if view.state != "lost":
                self._watch.answers(uuid, "unknown", reason)

    def _forget_layouts(self) -> None:
        """Another child numbers its layouts anew."""
        self._layouts.clear()
        self._newest.clear()

    def _layout(self, message: NewLayout) -> None:
        place = message.uuid, message.tier
        self._layouts.pop(self._newest.get(place, -1), None)
        self._newest[place] = message.layout
        series = tuple(_series(name, labels) for name, labels in message.series)
        self._layouts[message.layout] = (*place, Layout(series))

    def _reading(self, message: NewReading) -> None:
        uuid, tier, layout = self._laid_out(message)
        self._counts.count(uuid, message)
        self._hub.reading(uuid, tier, Reading(at=message.at, layout=layout, values=message.values))

    def _laid_out(self, message: NewReading) -> tuple[str, Tier, Layout]:
        """Where the values of *message* belong."""
        known = self._layouts.get(message.layout)
        if known is None or len(known[2].series) != len(message.values):
            raise Garbled(f"no layout {message.layout} of {len(message.values)} series was told")
        return known

    def _there(self, message: Found | Enumerated | NewProcesses) -> None:
        match message:
            case Found():
                self._roll_call.told(message.identity, self._hub.latest.gpus)
                self._hub.found(message.identity)
                self._watch.found(message.identity.uuid)
            case Enumerated():
                self._enumerated(message)
            case NewProcesses():
                self._hub.processes(message.uuid, message.pids)

    def _told(self, message: Happened | EventsFailed) -> None:
        if isinstance(message, Happened):
            self._happened(message.event)
        else:
            self._counts.events_failed(message.reason)

    def _enumerated(self, message: Enumerated) -> None:
        """GPUs that were there once and are not now are lost; so may be those that the driver only counts."""
        self._name(message.uuids)
        gone, unclear = self._roll_call.missed(self._hub.latest.gpus)
        for identity in gone:
            self._silent(identity, "lost", "not_found")
        for identity in unclear:
            self._silent(identity, "unknown", "not_identified")
        self._watch.enumerated()
        found = len(message.uuids)
        if (found, message.count) != self._short and found < message.count:
            text = f"the driver has {message.count} GPUs, of which {found} can be opened"
            self._event(EventKind.GPU_LOST, Severity.WARNING, text)
        self._short = (found, message.count)

    def _name(self, uuids: Collection[str]) -> None:
        """Let go of stand-ins: of those whose GPU can be told by now, and of those that nobody goes by any more."""
        for stand_in, view in self._hub.latest.gpus.items():
            index = view.identity.index
            if stand_in != unnamed(index):
                continue
            uuid = (
                None
                if stand_in not in uuids
                else self._roll_call.whose(index, self._hub.latest.gpus)
            )
            if uuid:
                self._watch.answers(uuid, view.state, view.reason)
            if uuid or stand_in not in uuids:
                self._hub.drop(stand_in)
                self._watch.drop(stand_in)

    def _silent(self, identity: Identity, state: str, reason: str) -> None:
        """Why a GPU was lost at first says more than that it is not found."""
        if self._hub.latest.gpus[identity.uuid].state != "lost":
            self._watch.answers(identity.uuid, state, reason)

    def _health(self, message: Health) -> None:
        if message.state not in _VERDICTS:
            raise Garbled(f"there is no state {message.state!r}")
        uuid = message.uuid
        if uuid == unnamed(message.index):
            known = self._roll_call.whose(message.index, self._hub.latest.gpus)
            uuid = known or self._hub.nameless(message.index)
        self._watch.answers(uuid, message.state, message.reason)

    def _driver(self, message: DriverState) -> None:
        self._hub.driver(up=message.up)
        self._instruments.set(exporter.DRIVER_UP, message.up)
        self._instruments.set(exporter.DRIVER_RELEASED, 0)
        if message.fatal:
            self._fatal(message.reason)
        if not message.up:
            self._unknown("driver_down")
        self._forget_layouts()
        self._roll_call.begin(message.opened)
        if message.up:
            if self._down:
                self._watch.driver_loaded()
            self._down = ""
            self._event(EventKind.DRIVER_UP, Severity.INFO, "the driver answers")
        elif message.reason != self._down:
            self._down = message.reason
            self._event(EventKind.DRIVER_DOWN, Severity.WARNING, message.reason)

    def _event(self, kind: EventKind, severity: Severity, text: str) -> None:
        self._happened(Event(at=self._clock(), kind=kind, severity=severity, message=text))


def _series(name: str, labels: tuple[str, ...]) -> Series:
    metric = BY_NAME.get(name)
    if metric is None or len(labels) != len(metric.series_labels):
        raise Garbled(f"there is no series {name!r} with {len(labels)} labels")
    return metric, labels
