"""The thread that reads one GPU: when it reads what, and what it sends."""

import queue
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.snapshot import Tier, unnamed
from probes.collectors import COLLECTORS
from probes.deadline import WatchedDevice
from probes.driver import GPM, Answer, Device, Return
from probes.messages import Found, Health, NewLayout, NewReading, Reply, Start, Up
from probes.reading import Outcome
from probes.worker import PERIODS, Clocks, Layouts, Worker, next_due
from tests.probes.devices import FakeDevice, FakeDriver, rich

PATIENCE = 20.0
"""Seconds that a test waits for what must come; it comes much sooner."""


class Sent:
    """What a worker sends, in order."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Up] = queue.SimpleQueue()
        self.all: list[Up] = []
        self.layouts: dict[int, NewLayout] = {}

    def __call__(self, message: Up) -> None:
        self._queue.put(message)

    def next(self) -> Up:
        message = self._queue.get(timeout=PATIENCE)
        self.all.append(message)
        if isinstance(message, NewLayout):
            self.layouts[message.layout] = message
        return message

    def rest(self) -> list[Up]:
        """All that was sent until now."""
        while not self._queue.empty():
            self.next()
        return self.all

    def until(self, kind: type[Up], tier: Tier | None = None) -> Up:
        """The next message of this kind, a reading of this tier."""
        while True:
            message = self.next()
            if isinstance(message, kind) and tier in (None, self.tier(message)):
                return message

    def tier(self, message: Up) -> Tier | None:
        return self.layouts[message.layout].tier if isinstance(message, NewReading) else None


def made(
    device: FakeDevice,
    send: Callable[[Up], None],
    *collectors: str,
    driver: FakeDriver | None = None,
) -> Worker:
    """A worker that will read *device*."""
    chosen = collectors or tuple(collector.name for collector in COLLECTORS if collector.default)
    return Worker(
        driver or FakeDriver([device]),
        WatchedDevice(device, time.monotonic),
        Start("fake", "node-7", None, frozenset(chosen), {}),
        send,
        Clocks(wall=time.time, steady=time.monotonic),
    )


def begun(device: FakeDevice, *collectors: str) -> tuple[Worker, Sent]:
    """A worker that reads *device*."""
    sent = Sent()
    worker = made(device, sent, *collectors)
    worker.start()
    return worker, sent


class SlowlyReady(FakeDevice):
    """A device whose GPM answers from the second question on, as real ones do."""

    asked = 0

    def ask(self, question: str, *args: int) -> Answer:
        if question == GPM:
            self.asked += 1
            self.answers[GPM] = rich().answers[GPM] if self.asked > 1 else Return.NOT_READY
        return super().ask(question, *args)


def test_who_it_is_comes_first_then_every_tier_then_that_it_is_well() -> None:
    """A new GPU is named before its readings, and well once each tier was read."""
    _, sent = begun(rich())
    sent.until(Health)

    kinds = [type(message) for message in sent.all]
    read = [sent.tier(message) for message in sent.all if isinstance(message, NewReading)]

    assert kinds[0] is Found
    assert read == [Tier.FAST, Tier.MEDIUM, Tier.SLOW, Tier.ONCE]
    assert sent.all[-1] == Health("GPU-00000000-aaaa-bbbb-cccc-000000000000", 0, "ok", "")


def test_ratios_that_need_two_readings_are_there_after_a_second() -> None:
    """GPM averages between two readings, so the second follows the first at once and not ten seconds later."""
    device = SlowlyReady(rich().answers)
    _, sent = begun(device, "profiling", "memory")

    first = sent.until(NewReading, Tier.MEDIUM)
    second = sent.until(NewReading, Tier.MEDIUM)

    assert isinstance(first, NewReading)
    assert isinstance(second, NewReading)
    assert len(first.values) == 0
    assert len(second.values) == 9
    fast = [message for message in sent.all if sent.tier(message) is Tier.FAST]
    assert len(fast) <= 3


def test_series_travel_once() -> None:
    """As long as a tier's series stay the same only values are sent; when they change, their names are sent again."""
    device = rich()
    _, sent = begun(device, "power")
    first = sent.until(NewReading)
    second = sent.until(NewReading)
    device.answers["nvmlDeviceGetPowerUsage"] = Return.NOT_SUPPORTED
    sent.until(NewLayout)
    third = sent.until(NewReading)

    assert isinstance(first, NewReading)
    assert isinstance(second, NewReading)
    assert isinstance(third, NewReading)
    assert first.layout == second.layout
    assert (len(second.values), len(third.values)) == (2, 1)
    assert third.layout != first.layout


def test_a_request_is_read_and_answered() -> None:
    """`read_now` yields its reading, then the reply."""
    worker, sent = begun(rich(), "pcie", "memory")
    sent.until(Health)

    worker.read_now(Tier.SLOW, request=7)

    sent.until(NewReading, Tier.SLOW)
    assert sent.until(Reply) == Reply(7, None)


def test_a_lost_gpu_answers_no_request_and_comes_back() -> None:
    """While it is lost a request fails with the reason; when it answers again it is named and well."""
    device = rich()
    worker, sent = begun(device, "power")
    sent.until(Health)
    uuid = worker.uuid
    device.answers["nvmlDeviceGetPowerUsage"] = Return.GPU_IS_LOST
    _wait_until_lost(worker)

    worker.read_now(Tier.FAST, request=3)
    refused = sent.until(Reply)
    device.answers["nvmlDeviceGetPowerUsage"] = 1000

    assert isinstance(refused, Reply)
    assert "the GPU is lost: nvmlDeviceGetPowerUsage" in (refused.error or "")
    assert sent.until(Health) == Health(uuid, 0, "ok", "")
    assert worker.lost == ""


def test_a_gpu_that_is_lost_but_knows_its_name_is_still_lost() -> None:
    """The driver may tell name and UUID of a lost GPU from memory: that does not make it well."""
    device = rich()
    device.answers["nvmlDeviceGetPowerUsage"] = Return.GPU_IS_LOST
    worker, sent = begun(device, "power")

    sent.until(Found)
    _wait_until_lost(worker)

    assert not [message for message in sent.rest() if isinstance(message, Health)]


def test_a_gpu_that_was_reset_is_found_anew() -> None:
    """The handle from before stays lost; the worker finds the GPU by its UUID and goes on with the new one."""
    old, new = rich(), rich()
    asked: list[tuple[int, str]] = []

    class Reset(FakeDriver):
        def find(self, index: int, uuid: str) -> Device:
            asked.append((index, uuid))
            return FakeDriver.find(self, index, uuid)

    sent = Sent()
    worker = made(old, sent, "power", driver=Reset([new]))
    worker.start()
    sent.until(Health)
    uuid = worker.uuid
    old.answers = dict.fromkeys(old.answers, Return.GPU_IS_LOST)

    assert sent.until(Health) == Health(uuid, 0, "ok", "")

    assert asked == [(0, uuid)]


def test_a_gpu_that_is_nowhere_to_be_found_stays_lost() -> None:
    """The driver's answer to the search is the reason by then."""
    device = rich()
    sent = Sent()
    worker = made(device, sent, "power", driver=FakeDriver())
    worker.start()
    sent.until(Health)
    device.answers["nvmlDeviceGetPowerUsage"] = Return.GPU_IS_LOST
    _wait_until_lost(worker)

    for _ in range(int(PATIENCE / 0.02)):
        if "there is no GPU" in worker.lost:
            break
        time.sleep(0.02)

    assert worker.lost == f"there is no GPU {worker.uuid}"


def test_readings_of_another_gpu_in_its_place_do_not_go_by_its_name() -> None:
    """A layout says whose readings follow: one that never told its name may turn out to be another."""
    layouts = Layouts(0)

    number, new = layouts.number(Tier.FAST, Outcome(), "GPU-a")
    other, renewed = layouts.number(Tier.FAST, Outcome(), "GPU-b")

    assert (new, renewed) == (
        NewLayout(number, "GPU-a", Tier.FAST, ()),
        NewLayout(other, "GPU-b", Tier.FAST, ()),
    )
    assert layouts.number(Tier.FAST, Outcome(), "GPU-b") == (other, None)


def _wait_until_lost(worker: Worker) -> None:
    deadline = threading.Event()
    end = time.monotonic() + PATIENCE
    while not worker.lost and time.monotonic() < end:
        deadline.wait(0.02)
    assert worker.lost


def test_a_gpu_has_a_stand_in_until_it_tells() -> None:
    """A worker that has not read yet has a name to be spoken of by."""
    device = WatchedDevice(rich(3), time.monotonic)
    clocks = Clocks(wall=time.time, steady=time.monotonic)
    start = Start("fake", "", None, frozenset(), {})

    assert Worker(FakeDriver(), device, start, Sent(), clocks).uuid == unnamed(3)


@given(due=st.floats(0, 1e6), late=st.floats(0, 1e4), period=st.sampled_from([1.0, 10.0, 60.0]))
def test_readings_stay_on_their_grid(due: float, late: float, period: float) -> None:
    """The next reading is due on the grid of the first, after now, and none that was missed is made up for."""
    now = due + late
    following = next_due(due, period, now)

    assert now - 1e-6 <= following <= now + period + 1e-6
    steps = (following - due) / period
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert round(steps) >= 1


def test_what_is_read_once_is_not_due_again() -> None:
    """Identity does not change while a GPU answers."""
    assert next_due(5.0, PERIODS[Tier.ONCE], 100.0) == float("inf")


class Odd(FakeDevice):
    """A device with an answer that nobody foresaw, for as long as `odd`."""

    odd = True

    def ask(self, question: str, *args: int) -> Answer:
        if question == "nvmlDeviceGetName" and self.odd:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        return super().ask(question, *args)


def test_an_answer_that_nobody_foresaw_costs_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    """The GPU is lost with the error's name, said once in the log, and read as soon as it answers as expected."""
    device = Odd(rich().answers)
    worker, sent = begun(device, "power")
    _wait_until_lost(worker)
    assert worker.lost == "UnicodeDecodeError"
    assert not worker.named

    device.odd = False

    assert isinstance(sent.until(Health), Health)
    assert (worker.lost, worker.named, worker.ended) == ("", True, False)
    assert [record.message for record in caplog.records] == ["worker.failed"]


def test_a_gpu_whose_name_fails_once_is_asked_again() -> None:
    """It must not go under a stand-in beside the name that it has."""
    device = rich()
    uuid = device.answers["nvmlDeviceGetUUID"]
    device.answers["nvmlDeviceGetUUID"] = Return.UNKNOWN
    worker, sent = begun(device, "power")
    _wait_until_lost(worker)
    device.answers["nvmlDeviceGetUUID"] = uuid

    found = sent.until(Found)

    assert isinstance(found, Found)
    assert found.identity.uuid == uuid
    assert [message for message in sent.all if isinstance(message, Found)] == [found]


def test_a_worker_whose_exporter_is_gone_ends() -> None:
    """There is nobody to send to: the thread ends, as the process then does."""

    def gone(_message: Up) -> None:
        raise BrokenPipeError

    worker = made(rich(), gone)

    with pytest.raises(BrokenPipeError):
        worker.run()

    assert worker.ended


class Counting(FakeDevice):
    """A device that counts how often its slow tier is read, and holds each reading up until it may go on."""

    def __init__(self) -> None:
        super().__init__(rich().answers)
        self.read = 0
        self.go_on = threading.Semaphore(1)

    def ask(self, question: str, *args: int) -> Answer:
        if question == "nvmlDeviceGetCurrPcieLinkWidth":
            self.read += 1
            assert self.go_on.acquire(timeout=PATIENCE)
        return super().ask(question, *args)


def test_a_storm_of_events_is_one_more_reading() -> None:
    """Events that come while the slow tier is read are told by one reading after it; who waits for one gets its own."""
    device = Counting()
    worker, sent = begun(device, "pcie")
    sent.until(Health)
    worker.read_now(Tier.SLOW)
    while device.read < 2:
        time.sleep(0.01)
    for _ in range(500):
        worker.read_now(Tier.SLOW)
    worker.read_now(Tier.SLOW, request=5)

    for _ in range(10):
        device.go_on.release()

    assert sent.until(Reply) == Reply(5, None)
    assert device.read == 4
