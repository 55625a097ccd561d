"""A probe child that behaves badly, as a real process: how it ends, and that nothing of it stays."""

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest

from catalog.probe import Order, Probe, ProbeClass, process_name
from exporter.probing.life import End, Ended, live
from exporter.probing.process import Child, Process
from probes.active.answer import LONGEST, NoAnswer, read
from probes.active.simulated import SimulatedOrder
from probes.bench_gpu import Behaviour
from tests.exporter.probing.bench import behaving
from tests.exporter.server import children, eventually

ORDER = Order(
    probe=Probe.MEMORY_INTEGRITY,
    uuid="GPU-1",
    nonce="abc",
    probe_class=ProbeClass.A,
    budget_gpu_seconds=1.0,
)


def asked(behaviour: Behaviour) -> bytes:
    """The line that a child gets which is to behave so."""
    return msgspec.json.encode(SimulatedOrder(order=ORDER, gpu=behaving(behaviour)))


def simulated(order: bytes) -> Process:
    """A real child."""
    return Child("probes.active.simulated", order, LONGEST)


async def run(
    behaviour: Behaviour, *, deadline: float = 30.0, kill: float = 10.0, stop: bool = False
) -> Ended:
    """One child to its end."""
    stopping = asyncio.Event()
    if stop:
        stopping.set()
    return await live(simulated, asked(behaviour), deadline, stopping, kill)


def descriptors() -> set[str]:
    """What this process holds open."""
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of ourselves


async def test_an_honest_child_answers_and_is_gone() -> None:
    """One line, which is the answer; no process and no descriptor stays."""
    before = descriptors()

    ended = await run(Behaviour.NONE)

    assert (ended.end, ended.left) == (End.ANSWERED, None)
    assert read(ended.printed, ORDER).verified_bytes == 64 * 1024**2
    assert descriptors() == before
    assert children(os.getpid()) == []


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (Behaviour.GARBAGE, "garbage"),
        (Behaviour.HALF_LINE, "half_line"),
        (Behaviour.TWO_LINES, "two_lines"),
        (Behaviour.NO_LINE, "no_line"),
    ],
)
async def test_what_is_no_answer_is_said_to_be_none(behaviour: Behaviour, why: str) -> None:
    """Bytes that are not JSON, a line without its end, two lines, no line: each has its name."""
    ended = await run(behaviour)

    assert ended.end is End.ANSWERED
    with pytest.raises(NoAnswer) as refused:
        read(ended.printed, ORDER)
    assert refused.value.why == why


async def test_a_flood_is_not_read_to_its_end() -> None:
    """Of 100 MB no more than the longest answer and a pipe's worth is kept, and the child ends."""
    before = descriptors()

    ended = await run(Behaviour.FLOOD)

    assert (ended.end, ended.left) == (End.FLOODED, None)
    assert len(ended.printed) <= LONGEST + 64 * 1024
    assert descriptors() == before


async def test_a_crash_is_told_from_an_answer() -> None:
    """A child that dies of a signal has answered nothing."""
    ended = await run(Behaviour.CRASH)

    assert (ended.end, ended.printed) == (End.CRASHED, b"")


async def test_a_sleeper_ends_when_it_is_told_to() -> None:
    """Past its deadline a child gets SIGTERM, which is enough for one that can hear it: SIGKILL would take an hour."""
    ended = await asyncio.wait_for(run(Behaviour.TIMEOUT, deadline=1.0, kill=3600.0), 60.0)

    assert (ended.end, ended.left) == (End.TIMEOUT, None)


async def test_who_ignores_sigterm_is_killed_later() -> None:
    """SIGKILL comes, but not before its time."""
    sent: list[tuple[int, float]] = []
    loop = asyncio.get_running_loop()

    def spawn(order: bytes) -> Process:
        child = Child("probes.active.simulated", order, LONGEST)
        real = child.send_signal

        def noted(number: int) -> None:
            sent.append((number, loop.time()))
            real(number)

        child.send_signal = noted  # type: ignore[method-assign] # a spy on a real process
        return child

    ended = await live(spawn, asked(Behaviour.HANG), 3.0, asyncio.Event(), 1.0)

    assert (ended.end, ended.left) == (End.TIMEOUT, None)
    assert [number for number, _ in sent] == [signal.SIGTERM, signal.SIGKILL]
    assert sent[1][1] - sent[0][1] >= 1.0
    assert children(os.getpid()) == []


async def test_it_can_be_stopped_at_any_moment() -> None:
    """Who lets go of the driver does not wait for a deadline."""
    ended = await asyncio.wait_for(run(Behaviour.TIMEOUT, deadline=3600.0, stop=True), 60.0)

    assert (ended.end, ended.left) == (End.STOPPED, None)


async def test_a_child_that_cannot_be_started_is_an_outcome() -> None:
    """No process, no memory: the exporter goes on."""

    def refuse(_order: bytes) -> Process:
        raise BlockingIOError("Resource temporarily unavailable")

    ended = await live(refuse, b"", 1.0, asyncio.Event())

    assert ended.end is End.NOT_STARTED
    assert "temporarily" in ended.words


class Undying:
    """A process in uninterruptible sleep: its end never comes, whatever it is sent."""

    pid = 0

    def __init__(self) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.flooded = asyncio.Event()
        self.sent: list[int] = []

    def printed(self) -> bytes:
        return b""

    def last_words(self) -> str:
        return ""

    def send_signal(self, number: int) -> None:
        self.sent.append(number)


async def test_what_cannot_be_ended_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither signal helps: the run is over all the same, and says which process it left."""
    monkeypatch.setattr("exporter.probing.life._PATIENCE", 0.01)
    undying = Undying()

    ended = await live(lambda _: undying, b"", 0.01, asyncio.Event(), 0.01)

    assert ended.left is undying
    assert undying.sent == [signal.SIGTERM, signal.SIGKILL]


async def test_the_driver_log_can_know_the_child() -> None:
    """While it runs its process has the name of its order."""
    child = simulated(asked(Behaviour.TIMEOUT))
    comm = Path(f"/proc/{child.pid}/comm")

    await asyncio.to_thread(
        eventually, lambda: comm.read_text(encoding="utf-8").strip() == process_name("abc") or None
    )

    child.send_signal(signal.SIGTERM)
    await asyncio.wait_for(child.ended, 60.0)
