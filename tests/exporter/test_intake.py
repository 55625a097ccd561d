"""What the exporter makes of the reader child's messages."""

import pytest

from catalog.event import Event, EventKind
from catalog.metrics import exporter, memory, power, processes
from catalog.snapshot import Identity, Tier, unnamed
from exporter.exposition import Format
from exporter.health.watch import Watch, Wiring
from exporter.hub import Hub
from exporter.intake import Intake
from exporter.prometheus import Instruments
from probes.driver import Return
from probes.messages import (
    DriverState,
    Enumerated,
    EventsFailed,
    Found,
    Garbled,
    Happened,
    Health,
    NewLayout,
    NewReading,
    Up,
)
from probes.nvml_gpu import NvmlGpu
from tests.exporter.child import NOW, Child
from tests.probes.devices import SYSTEM, FakeDevice, FakeDriver, rich

SUFFIX = "-aaaa-bbbb-cccc-000000000000"
UUID = f"GPU-00000000{SUFFIX}"

WORDS = {"hung": "call_overdue", "lost": "gpu_is_lost"}


class Ear:
    """An intake, and what it told."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.instruments = Instruments()
        self.events: list[Event] = []
        self.fatal: list[str] = []
        self.now = NOW
        wiring = Wiring(
            spend=lambda *_: None,
            publish=lambda *_: None,
            happened=self.events.append,
            wall=lambda: self.now,
            steady=lambda: self.now,
        )
        self.watch = Watch(self.hub, wiring)
        self.intake = Intake(self.watch, self.instruments, self.fatal.append)

    def child(self, count: int = 1) -> Child:
        """A child that has read *count* rich GPUs."""
        gpus = [rich(index) for index in range(count)]
        child = Child(self.intake.hear, FakeDriver(gpus, SYSTEM))
        child.read()
        self.events.clear()
        return child

    def begun(self, *opened: int) -> None:
        """A child has opened the GPUs at these indices, none of which has told who it is."""
        self.intake.hear(DriverState(up=True, reason="", opened=opened))

    def states(self) -> dict[str, str]:
        """Every GPU's, by its UUID without what all share."""
        gpus = self.hub.latest.gpus.items()
        return {uuid.removesuffix(SUFFIX).removeprefix("GPU-0000000"): v.state for uuid, v in gpus}

    def state(self) -> tuple[str, str]:
        """State and reason of the first GPU."""
        view = next(iter(self.hub.latest.gpus.values()))
        return view.state, view.reason

    def told(self) -> list[tuple[EventKind, str]]:
        """The events so far."""
        return [(event.kind, event.message) for event in self.events]

    def shows(self, line: str) -> bool:
        """Whether `/metrics` has *line*."""
        return line in self.instruments.render(Format.TEXT).splitlines()


def test_a_reading_arrives() -> None:
    """What the child read is in the snapshot, by tier."""
    ear = Ear()
    ear.child()

    view = ear.hub.latest.gpus[UUID]

    assert view.value(memory.USED) == 2.0**30
    assert view.last_read == NOW
    assert set(view.readings) == {Tier.FAST, Tier.MEDIUM, Tier.SLOW, Tier.ONCE}


@pytest.mark.parametrize(
    ("state", "kind"), [("hung", EventKind.GPU_HUNG), ("lost", EventKind.GPU_LOST)]
)
def test_a_gpu_that_fails_and_comes_back_is_two_events(state: str, kind: EventKind) -> None:
    """One when it fails, with the reason, and one when it is back; repetitions are none."""
    ear = Ear()
    child = ear.child()

    child.health(0, state, "because")
    child.health(0, state, "because")
    assert ear.state() == (state, WORDS[state])
    child.health(0, "ok")
    child.health(0, "ok")

    assert ear.state() == ("recovering", f"after_{state}")
    assert ear.told() == [
        (kind, f"GPU 0 is {state}: because"),
        (EventKind.GPU_BACK, f"GPU 0 is recovering: after {state}"),
    ]
    assert {event.uuid for event in ear.events} == {UUID}


def test_a_gpu_that_was_always_well_is_no_event() -> None:
    """At the start every GPU is well, which nobody needs to hear."""
    ear = Ear()

    ear.child().health(0, "ok")

    assert ear.told() == []


def test_after_a_restart_nothing_is_known() -> None:
    """Until the next child has read, the GPUs are unknown; the restart is counted and an event."""
    ear = Ear()
    ear.child()

    ear.intake.reader_ended("killed")

    assert ear.state() == ("unknown", "reader_restarting")
    assert ear.told() == [(EventKind.READER_RESTARTED, "the reader ended: killed")]
    assert ear.shows('gpuvitals_reader_restarts_total{reason="killed"} 1')
    ear.child()
    assert ear.state() == ("ok", "")


def test_a_hung_gpu_that_answers_the_next_child_is_back() -> None:
    """That a restart cured it is an event."""
    ear = Ear()
    ear.child().health(0, "hung")
    ear.intake.reader_ended("silent")

    ear.child().health(0, "ok")

    assert ear.told() == [(EventKind.GPU_BACK, "GPU 0 is recovering: after hung")]


def test_a_lost_gpu_is_lost_until_it_answers() -> None:
    """A restart of the reader does not make it unknown: the next one may not find it at all."""
    ear = Ear()
    ear.child(2).health(1, "lost", "fell off the bus")

    ear.intake.reader_ended("killed")
    ear.child(1)

    states = [view.state for view in ear.hub.latest.gpus.values()]
    assert states == ["ok", "lost"]
    ear.child(2).health(1, "ok")
    assert ear.told() == [(EventKind.GPU_BACK, "GPU 1 is recovering: after lost")]


def test_a_gpu_that_hangs_at_its_first_call_is_shown() -> None:
    """It has not told its name, and is hung all the same."""
    ear = Ear()

    ear.intake.hear(Health(unnamed(3), 3, "hung", "a call has not returned for 31 s"))

    view = ear.hub.latest.gpus[unnamed(3)]
    assert (view.identity.index, view.state) == (3, "hung")
    assert [event.kind for event in ear.events] == [EventKind.GPU_HUNG]


def test_a_known_gpu_that_hangs_the_next_child_is_hung() -> None:
    """The new child knows it by its index only; we know which GPU that is."""
    ear = Ear()
    ear.child()
    ear.intake.reader_ended("killed")
    ear.begun(0)

    ear.intake.hear(Health(unnamed(0), 0, "hung", ""))

    assert ear.hub.latest.gpus.keys() == {UUID}
    assert ear.state() == ("hung", "call_overdue")


def test_released_means_no_driver() -> None:
    """While the driver is released it is not up, in the snapshot and in /metrics."""
    ear = Ear()
    ear.child()
    assert ear.shows("gpuvitals_driver_up 1")

    ear.intake.released(600.0)

    assert not ear.hub.latest.driver_up
    assert ear.state() == ("unknown", "released")
    assert ear.shows("gpuvitals_driver_up 0")


def test_a_missing_driver_is_said_once() -> None:
    """The child looks again every few seconds; the event is one until the reason changes."""
    ear = Ear()

    for reason in ("no library", "no library", "the driver has no devices"):
        ear.intake.hear(DriverState(up=False, reason=reason))

    assert ear.told() == [
        (EventKind.DRIVER_DOWN, "no library"),
        (EventKind.DRIVER_DOWN, "the driver has no devices"),
    ]
    assert ear.shows("gpuvitals_driver_up 0")
    assert ear.fatal == []


def test_a_source_that_can_never_be_read_is_fatal() -> None:
    """The service ends with the reason."""
    ear = Ear()

    ear.intake.hear(DriverState(up=False, reason="x.yaml:3: no such model", fatal=True))

    assert ear.fatal == ["x.yaml:3: no such model"]


def test_an_event_of_the_driver_is_kept() -> None:
    """What the child heard goes on to the log of events."""
    ear = Ear()
    event = Event(at=1.0, kind=EventKind.XID, severity="warning", message="Xid 79", code=79)  # type: ignore[arg-type] # as msgpack brings it

    ear.intake.hear(Happened(event))

    assert ear.events == [event]


def test_what_went_wrong_is_counted() -> None:
    """Failures, rejected values and series beyond a budget are metrics of our own."""
    ear = Ear()
    device = rich()
    device.answers["nvmlDeviceGetPowerUsage"] = 2**32 - 1
    device.answers["nvmlDeviceGetFanSpeed_v2"] = Return.UNKNOWN
    budgets = {processes.MEMORY.name: 1}

    Child(ear.intake.hear, FakeDriver([device]), every=True, budgets=budgets).read()

    for line in (
        'gpuvitals_collector_failures_total{collector="temperature",reason="unknown"} 1',
        'gpuvitals_values_rejected_total{collector="power",reason="blank"} 1',
        'gpuvitals_series_dropped_total{metric="gpu_process_memory_bytes"} 1',
        'gpuvitals_collector_duration_seconds_count{collector="power"} 1',
    ):
        assert ear.shows(line)


def test_permission_denied_ends_when_the_last_gpu_grants_it() -> None:
    """The gauge is 1 as long as any GPU denies a collector something, and 0 afterwards."""
    ear = Ear()
    devices = [rich(0), rich(1)]
    child = Child(ear.intake.hear, FakeDriver(devices))
    line = 'gpuvitals_collector_permission_denied{{collector="ecc"}} {}'
    granted = devices[0].answers["nvmlDeviceGetSramEccErrorStatus"]
    for device in devices:
        device.answers["nvmlDeviceGetSramEccErrorStatus"] = Return.NO_PERMISSION

    child.read()
    assert ear.shows(line.format(1))
    devices[0].answers["nvmlDeviceGetSramEccErrorStatus"] = granted
    child.read()
    assert ear.shows(line.format(1))
    devices[1].answers["nvmlDeviceGetSramEccErrorStatus"] = granted
    child.read()

    assert ear.shows(line.format(0))


def test_series_that_stay_are_never_forgotten() -> None:
    """However often the series of one tier change, those of another keep being understood."""
    ear = Ear()
    child = ear.child()
    for number in range(10_000):
        series = ((processes.MEMORY.name, (str(number),)),)
        ear.intake.hear(NewLayout(1_000_000 + number, UUID, Tier.MEDIUM, series))
        ear.intake.hear(NewReading(layout=1_000_000 + number, at=NOW, values=(1.0,), durations=()))

    child.read(NOW + 1, Tier.FAST)

    assert ear.hub.latest.gpus[UUID].last_read == NOW + 1


def test_the_metrics_of_the_exporter_are_catalogued() -> None:
    """What the intake counts is in the catalogue under the names that the tests above spell."""
    names = {metric.name for metric in exporter.FAMILIES}

    assert {"gpuvitals_reader_restarts_total", "gpuvitals_driver_up"} <= names


def test_a_gpu_that_the_next_child_does_not_find_is_lost() -> None:
    """It is lost, once, and stays to be seen, whoever has its index now; when it is there again it is back."""
    ear = Ear()
    ear.child(3)
    first, second, third = ear.hub.latest.gpus
    ear.intake.reader_ended("killed")
    ear.events.clear()
    moved = rich(2)
    moved.index = 1

    for _ in range(2):
        Child(ear.intake.hear, FakeDriver([rich(0), moved], SYSTEM)).read()
        ear.intake.hear(Enumerated((first, third), 2))

    states = {
        uuid: (view.identity.index, view.state) for uuid, view in ear.hub.latest.gpus.items()
    }
    assert states == {first: (0, "ok"), second: (1, "lost"), third: (1, "ok")}
    assert ear.hub.latest.gpus[second].reason == "not_found"
    lost = [event for event in ear.events if event.kind is EventKind.GPU_LOST]
    assert [(event.uuid, event.message) for event in lost] == [
        (second, "GPU 1 is lost: the driver does not find it")
    ]
    ear.child(3).health(1, "ok")
    assert ear.told() == [(EventKind.GPU_BACK, "GPU 1 is recovering: after lost")]
    assert indices(ear) == [0, 1, 2]


def indices(ear: Ear) -> list[int]:
    """Those of the GPUs that are known."""
    return [view.identity.index for view in ear.hub.latest.gpus.values()]


def test_a_gpu_that_has_not_told_its_name_yet_is_not_missed() -> None:
    """One that takes long to wake up, or hangs, is there: its index says which it is."""
    ear = Ear()
    ear.child(2)
    ear.intake.reader_ended("killed")
    ear.begun(0, 1)
    ear.events.clear()

    ear.intake.hear(Enumerated((unnamed(0), unnamed(1)), 2))

    assert ear.told() == []
    assert {view.state for view in ear.hub.latest.gpus.values()} == {"unknown"}


def test_a_gpu_that_is_lost_already_is_not_lost_again() -> None:
    """Why it was lost at first says more than that it is not found."""
    ear = Ear()
    ear.child(2).health(1, "lost", "fell off the bus")
    ear.child(1)

    ear.intake.hear(Enumerated((UUID,), 1))

    assert [view.reason for view in ear.hub.latest.gpus.values()] == ["", "gpu_is_lost"]
    assert ear.told() == []


def test_a_gpu_that_cannot_be_opened_is_an_event() -> None:
    """The driver counts it, and that is all that is known of it; it is said once as long as nothing changes."""
    ear = Ear()
    ear.child()

    for _ in range(2):
        ear.intake.hear(Enumerated((UUID,), 2))

    text = "the driver has 2 GPUs, of which 1 can be opened"
    assert ear.told() == [(EventKind.GPU_LOST, text)]
    ear.intake.hear(Enumerated((UUID,), 1))
    ear.intake.hear(Enumerated((UUID,), 2))
    assert ear.told() == [(EventKind.GPU_LOST, text)] * 2


def test_a_gpu_that_was_lost_before_it_told_its_name_is_back() -> None:
    """It was lost under its stand-in, and is well under its name."""
    ear = Ear()
    ear.intake.hear(Health(unnamed(0), 0, "lost", "nvmlDeviceGetUUID: Unknown Error"))

    ear.child().health(0, "ok")

    assert ear.told() == [(EventKind.GPU_BACK, "GPU 0 is recovering: after lost")]
    assert ear.hub.latest.gpus.keys() == {UUID}


def test_a_loss_of_events_is_counted() -> None:
    """As long as nobody hears the driver's events, a counter goes up."""
    ear = Ear()

    ear.intake.hear(EventsFailed("uninitialized"))

    line = 'gpuvitals_collector_failures_total{collector="events",reason="other"} 1'
    assert ear.shows(line)


def test_what_is_denied_is_no_failure() -> None:
    """It lasts, and the operator may want it so: it is a gauge, and not a counter that goes up every minute."""
    ear = Ear()
    device = rich()
    device.answers["nvmlDeviceGetSramEccErrorStatus"] = Return.NO_PERMISSION

    Child(ear.intake.hear, FakeDriver([device])).read()

    assert ear.shows('gpuvitals_collector_permission_denied{collector="ecc"} 1')
    assert "no_permission" not in ear.instruments.render(Format.TEXT)


@pytest.mark.parametrize(
    "message",
    [
        NewLayout(1, UUID, Tier.FAST, (("gpu_nonsense", ()),)),
        NewLayout(1, UUID, Tier.FAST, ((power.NOW.name, ("one too many",)),)),
        NewReading(layout=10**9, at=NOW, values=(), durations=()),
        Health(UUID, 0, "sleepy", ""),
    ],
)
def test_nonsense_is_told_from_news(message: Up) -> None:
    """A child that says what cannot be is taken for broken, whatever it was."""
    ear = Ear()
    ear.child()

    with pytest.raises(Garbled):
        ear.intake.hear(message)


def test_values_without_a_place_are_nonsense() -> None:
    """As many as the series that they belong to, or none of them can be believed."""
    ear = Ear()
    ear.intake.hear(NewLayout(1, UUID, Tier.FAST, ((power.NOW.name, ()),)))

    with pytest.raises(Garbled, match="no layout 1 of 2 series"):
        ear.intake.hear(NewReading(layout=1, at=NOW, values=(1.0, 2.0), durations=()))


# -- whose is an index? ------------------------------------------------------------------------------------------------


def moved(number: int, index: int) -> FakeDevice:
    """GPU *number* at another index than its own."""
    device = rich(number)
    device.index = index
    return device


def test_the_only_one_that_has_not_told_is_known() -> None:
    """GPU 1 is gone and the others moved up; all but one told who they are: it is the one that is left."""
    ear = Ear()
    ear.child(3).health(1, "lost")
    ear.intake.hear(Enumerated((UUID, rich_uuid(2)), 2))
    ear.hub.drop(rich_uuid(1))
    ear.intake.reader_ended("killed")

    Child(ear.intake.hear, FakeDriver([rich(0)], SYSTEM))
    ear.intake.hear(Health(unnamed(1), 1, "hung", ""))

    assert ear.states() == {"0": "ok", "2": "hung"}


def test_a_nameless_gpu_at_a_known_index_may_be_another() -> None:
    """One of two is gone, one hangs before it told its name, and nobody can say which: neither is called hung."""
    ear = Ear()
    ear.child(3)
    ear.intake.reader_ended("killed")
    ear.events.clear()

    Child(ear.intake.hear, FakeDriver([rich(0)], SYSTEM))
    ear.intake.hear(Health(unnamed(1), 1, "hung", ""))
    ear.intake.hear(Enumerated((UUID, unnamed(1)), 2))

    assert ear.states() == {"0": "ok", "1": "unknown", "unknown-1": "hung", "2": "unknown"}
    reasons = {view.reason for view in ear.hub.latest.gpus.values() if view.state == "unknown"}
    assert reasons == {"not_identified"}
    assert [event.uuid for event in ear.events if event.kind is EventKind.GPU_HUNG] == [unnamed(1)]


def test_once_it_tells_its_name_the_other_is_lost() -> None:
    """Its stand-in is gone, and who then has not told is not there."""
    ear = Ear()
    ear.child(3)
    ear.intake.reader_ended("killed")
    child = Child(ear.intake.hear, FakeDriver([rich(0), moved(2, 1)], SYSTEM))
    ear.intake.hear(Enumerated((UUID, rich_uuid(2)), 2))

    child.health(1, "ok")

    assert ear.states() == {"0": "ok", "1": "lost", "2": "ok"}


def test_a_stand_in_ends_when_its_gpu_can_be_told() -> None:
    """Two were silent and moved; when one of them tells, the other is known by elimination, and hung."""
    ear = Ear()
    ear.child(3)
    ear.intake.reader_ended("killed")
    ear.begun(0, 1, 2)
    ear.intake.hear(Found(identity_of(moved(1, 0))))
    ear.intake.hear(Health(unnamed(2), 2, "hung", "stuck"))
    assert ear.states() == {"0": "unknown", "1": "ok", "2": "unknown", "unknown-2": "hung"}

    ear.intake.hear(Found(identity_of(moved(0, 1))))
    ear.intake.hear(Enumerated((rich_uuid(1), UUID, unnamed(2)), 3))

    assert ear.states() == {"0": "ok", "1": "ok", "2": "hung"}


def test_readings_of_another_child_go_by_their_own_gpu() -> None:
    """Another child numbers its layouts anew: GPUs that changed places keep their own values."""
    ear = Ear()
    first, second = rich(0), rich(1)
    first.answers["nvmlDeviceGetPowerUsage"] = 100_000
    second.answers["nvmlDeviceGetPowerUsage"] = 200_000
    Child(ear.intake.hear, FakeDriver([first, second], SYSTEM)).read()
    first.index, second.index = 1, 0

    Child(ear.intake.hear, FakeDriver([first, second], SYSTEM)).read(NOW + 1)

    watts = {uuid: view.value(power.NOW) for uuid, view in ear.hub.latest.gpus.items()}
    assert watts == {UUID: 100.0, rich_uuid(1): 200.0}


def test_without_a_driver_nothing_is_known_of_the_gpus() -> None:
    """The next child could not open it: what the one before read must not look as if it were fresh."""
    ear = Ear()
    ear.child()

    ear.intake.hear(DriverState(up=False, reason="no library"))

    assert ear.state() == ("unknown", "driver_down")


def rich_uuid(number: int) -> str:
    """What GPU *number* tells."""
    return f"GPU-{number:08d}{SUFFIX}"


def identity_of(device: FakeDevice) -> Identity:
    """Who it is."""
    return NvmlGpu(FakeDriver([device], SYSTEM), device).identity
