"""The reader child from inside: how it opens the driver, whom it misses, what it hears; and once from outside."""

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from catalog.errors import DriverError, DriverMissing
from catalog.event import Event, EventKind
from probes.channel import Channel
from probes.deadline import FIRST_CALL
from probes.driver import Answer, Device, Driver, Return
from probes.messages import (
    DriverState,
    Enumerated,
    EventsFailed,
    Happened,
    Health,
    Past,
    Start,
    Up,
    decode_up,
    frame,
)
from probes.reader import Reader
from probes.worker import Clocks
from tests.probes.devices import FakeDevice, FakeDriver, rich

UP = DriverState(up=True, reason="", opened=(0,))
PATIENCE = 30.0
"""Seconds that a test waits for what must come; it comes much sooner."""
UUIDS = tuple(str(rich(index).answers["nvmlDeviceGetUUID"]) for index in range(3))
DriverEvent = tuple[int, int, int]
XID, DOUBLE_BIT, RECOVERY_ACTION = 0x8, 0x2, 0x8000


class Kept(Channel):
    """A channel whose messages stay here."""

    def __init__(self) -> None:
        self.sent: list[Up] = []

    def send(self, message: Up) -> None:
        self.sent.append(message)

    def of(self, *kinds: type[Up]) -> list[Up]:
        """What was sent of these kinds."""
        return [message for message in self.sent if isinstance(message, kinds)]


@dataclass(slots=True)
class Eventful(FakeDriver):
    """A driver whose events are put into it; an exception is raised instead."""

    events: "queue.SimpleQueue[DriverEvent | Exception]" = field(default_factory=queue.SimpleQueue)

    def wait_event(self, timeout: float) -> DriverEvent | None:  # type: ignore[override] # the other has none
        try:
            event = self.events.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(event, Exception):
            raise event
        return event


class World:
    """A reader whose driver and time a test has in its hand."""

    def __init__(self, open_driver: Callable[[str, str | None, Past], Driver]) -> None:
        self.channel = Kept()
        self.ahead = 0.0
        self.reader = Reader(
            self.channel,
            Start("fake", "", None, frozenset(), {}),
            Clocks(wall=lambda: 5.0, steady=lambda: time.monotonic() + self.ahead),
            open_driver,
        )
        threading.Thread(target=self.reader._open, daemon=True).start()

    def until(self, *kinds: type[Up], count: int = 1) -> list[Up]:
        """What was sent of these kinds, as soon as there are so many."""
        end = time.monotonic() + PATIENCE
        while len(self.channel.of(*kinds)) < count and time.monotonic() < end:
            self.reader._watch()
            time.sleep(0.02)
        found = self.channel.of(*kinds)
        assert len(found) >= count
        return found


def reads(driver: Driver) -> World:
    """A reader of *driver*, opened."""
    world = World(lambda *_: driver)
    world.until(DriverState)
    return world


# -- opening -----------------------------------------------------------------------------------------------------------


def test_an_opening_that_hangs_is_said_once() -> None:
    """After 30 s the exporter hears that there is no driver, so that it is ready; when it opens, that there is one."""
    go_on = threading.Event()

    def slow(*_: object) -> Driver:
        assert go_on.wait(PATIENCE)
        return Eventful([rich()])

    world = World(slow)
    time.sleep(0.1)
    world.ahead = FIRST_CALL - 1
    world.reader._watch()
    assert world.channel.of(DriverState) == []

    world.ahead = FIRST_CALL + 1
    for _ in range(3):
        world.reader._watch()

    told = DriverState(up=False, reason="opening the driver has not returned for 30 s")
    assert world.channel.of(DriverState) == [told]
    go_on.set()
    assert world.until(DriverState, count=2)[-1] == UP


def test_a_driver_without_devices_is_closed_and_opened_again() -> None:
    """A GPU may come later; nothing holds the driver until then."""
    closed: list[int] = []

    class Empty(FakeDriver):
        def close(self) -> None:
            closed.append(1)

    drivers: list[Driver] = [Empty(), Eventful([rich()])]
    world = World(lambda *_: drivers.pop(0))

    empty, up = world.until(DriverState, count=2)

    assert empty == DriverState(up=False, reason="the driver has no devices")
    assert up == UP
    assert closed == [1]


def test_no_library_is_looked_for_again_by_the_same_process() -> None:
    """Nothing was loaded that could be the wrong one."""
    answers: list[DriverError | None] = [
        DriverMissing(Return.LIBRARY_NOT_FOUND, "no library"),
        None,
    ]

    def opened(*_: object) -> Driver:
        error = answers.pop(0)
        if error:
            raise error
        return Eventful([rich()])

    world = World(opened)

    assert world.until(DriverState, count=2) == [
        DriverState(up=False, reason="no library"),
        UP,
    ]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> "queue.SimpleQueue[int]":
    """The statuses with which the process would have ended; the thread that ends it waits for ever."""
    statuses: queue.SimpleQueue[int] = queue.SimpleQueue()

    def end(status: int) -> None:
        statuses.put(status)
        threading.Event().wait()

    monkeypatch.setattr(os, "_exit", end)
    return statuses


@pytest.mark.parametrize("error", [DriverError(Return.UNKNOWN, "Unknown Error"), KeyError("x")])
def test_a_driver_that_does_not_tell_its_devices_is_closed(
    ended: "queue.SimpleQueue[int]", error: Exception
) -> None:
    """The reason is told, the driver let go, and another process tries."""
    closed: list[int] = []

    class Broken(FakeDriver):
        def devices(self) -> Sequence[Device]:
            raise error

        def close(self) -> None:
            closed.append(1)

    world = World(lambda *_: Broken())

    (state,) = world.until(DriverState)

    reason = str(error) if isinstance(error, DriverError) else "KeyError"
    assert state == DriverState(up=False, reason=reason)
    assert closed == [1]
    assert ended.get(timeout=PATIENCE) == os.EX_TEMPFAIL


def test_a_library_that_was_loaded_in_vain_ends_the_process() -> None:
    """A process keeps the first library that it loads: after an upgrade of the driver only another one can open it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "probes.reader", str(theirs.fileno())]
        with subprocess.Popen(command, pass_fds=(theirs.fileno(),)) as child:
            channel = Channel(ours)
            ours.sendall(frame(Start("nvml", "", "libc.so.6", frozenset(), {})))
            states: list[Up] = []
            while not states:
                header = channel._exactly(4)
                assert header
                body = channel._exactly(int.from_bytes(header))
                assert body
                states = [state for state in (decode_up(body),) if isinstance(state, DriverState)]
            status = child.wait(PATIENCE)

    assert [isinstance(state, DriverState) and state.up for state in states] == [False]
    assert status == os.EX_TEMPFAIL


# -- who is there ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Silent(FakeDevice):
    """A device that does not answer until it may."""

    go_on: threading.Event = field(default_factory=threading.Event)

    def ask(self, question: str, *args: int) -> Answer:
        assert self.go_on.wait(PATIENCE)
        return FakeDevice.ask(self, question, *args)


def test_once_all_have_told_who_they_are_it_is_complete() -> None:
    """The exporter hears, once, whom the driver found, and how many it has."""
    world = reads(Eventful([rich(0), rich(2)], {"nvmlDeviceGetCount": 3}))

    world.until(Enumerated)
    world.until(Health, count=2)
    world.reader._watch()

    assert world.channel.of(Enumerated) == [Enumerated((UUIDS[0], UUIDS[2]), 3)]


def test_who_does_not_tell_is_not_waited_for() -> None:
    """After 10 s it goes by its stand-in; when it tells after all, the exporter hears so."""
    silent = Silent(rich(1).answers, index=1)
    world = reads(Eventful([rich(0), silent]))
    time.sleep(0.2)
    world.reader._watch()
    assert world.channel.of(Enumerated) == []

    world.ahead = 11.0
    world.until(Enumerated)
    silent.go_on.set()

    assert world.until(Enumerated, count=2) == [
        Enumerated((UUIDS[0], "unknown-1"), 2),
        Enumerated(UUIDS[:2], 2),
    ]


def test_a_gpu_that_nobody_reads_any_more_is_unknown() -> None:
    """Its last values must not look as if they were fresh."""
    world = reads(Eventful([rich()]))
    world.until(Health)
    (worker,) = world.reader._workers.values()

    worker.ended = True
    world.reader._watch()

    assert world.channel.of(Health)[-1] == Health(UUIDS[0], 0, "unknown", "its thread has ended")


def test_a_gpu_that_could_not_be_opened_is_looked_for() -> None:
    """The driver counts it; as soon as it can be opened it is read, and the exporter hears who is there."""
    driver = Eventful([rich(0)], {"nvmlDeviceGetCount": 2})
    world = reads(driver)
    world.until(Enumerated)

    driver.gpus = [rich(0), rich(1)]

    assert world.until(Enumerated, count=2) == [
        Enumerated(UUIDS[:1], 2),
        Enumerated(UUIDS[:2], 2),
    ]


def test_gpus_that_the_driver_did_not_have_need_another_process(
    ended: "queue.SimpleQueue[int]",
) -> None:
    """Whoever opened the driver before sees them counted at most; nobody is replaced in the first minute."""
    system: dict[str, Answer] = {"nvmlDeviceGetCount": 1}
    world = reads(Eventful([rich(0)], system))
    world.until(Enumerated)
    system["nvmlDeviceGetCount"] = 2

    world.reader._recount(world.reader._driver or FakeDriver())
    assert ended.empty()
    world.ahead = 61.0

    assert ended.get(timeout=PATIENCE) == os.EX_TEMPFAIL


# -- events ------------------------------------------------------------------------------------------------------------


def heard(*events: DriverEvent) -> list[Event]:
    """What the exporter hears of *events* of a machine with one GPU; the last must be one that it hears of."""
    driver = Eventful([rich()])
    world = reads(driver)
    world.until(Enumerated)
    for event in (*events, (0, XID, 1)):
        driver.events.put(event)
    while True:
        found = [m.event for m in world.until(Happened) if isinstance(m, Happened)]
        if found[-1].code == 1:
            return found[:-1]
        time.sleep(0.02)


def test_an_xid_is_an_event() -> None:
    """It names its GPU."""
    (event,) = heard((0, XID, 79))

    assert (event.kind, event.code, event.uuid) == (EventKind.XID, 79, UUIDS[0])
    assert (event.message, event.at) == ("Xid 79 on GPU 0", 5.0)


def test_what_else_the_driver_tells_is_in_the_slow_tier() -> None:
    """It is read at once, and no event by itself: only a reading tells how many errors there were, and where."""
    assert heard((0, RECOVERY_ACTION, 0), (0, DOUBLE_BIT, 0)) == []


def test_an_event_of_a_gpu_that_is_not_read_is_kept() -> None:
    """Its GPU may not have been opened; that it happened is worth knowing."""
    (event,) = heard((-1, XID, 79))

    assert (event.uuid, event.message) == ("", "Xid 79 on a GPU that is not read")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DriverError(Return.UNINITIALIZED, "Uninitialized"), "uninitialized"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, ""), "UnicodeDecodeError"),
    ],
)
def test_a_loss_of_events_is_told_and_ends(error: Exception, reason: str) -> None:
    """Whatever the error, the exporter hears of it, and the next event is heard again."""
    driver = Eventful([rich()])
    world = reads(driver)
    driver.events.put(error)
    driver.events.put((0, XID, 79))

    world.until(Happened)

    assert world.channel.of(EventsFailed) == [EventsFailed(reason)]
