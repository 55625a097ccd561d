import asyncio
import os
import tty
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import HistoryError
from catalog.event import Event, EventKind, Severity
from catalog.metrics.events import SXID_ERRORS, SXID_LAST, XID_ERRORS, XID_LAST
from catalog.snapshot import GpuView, Identity, Snapshot
from catalog.xid.actions import Action
from exporter.commit_events import EventCommits
from exporter.kernel_log import Wiring, XidWatch, places
from exporter.xid_totals import XidTotals
from exporter.xids import Mark
from history.database import Database
from history.events import EventLog, Wanted
from history.minute import Key
from history.totals import Totals
from probes.kernel_log.reader import KernelLog, NoLog, Problem

NOW = 1_800_000_000.0
XID = "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus."
KEY = Key("GPU-1", XID_ERRORS, ("79", "reboot_node"))
LAST = Key("GPU-1", XID_LAST, ("79", "reboot_node"))


class Disk(EventCommits):
    """A database that can be full."""

    full = False

    async def record(self, events: object, totals: Mapping[Key, float], mark: Mark) -> None:
        if self.full:
            raise HistoryError("the disk is full")
        await super().record(events, totals, mark)  # type: ignore[arg-type] # handed through


class Node:
    """A node with a kernel log, and the exporter's watch over it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.log = folder / "kmsg"
        self.steady = 0.0
        self.places = {"00000000:3B:00.0": "GPU-1"}
        self.told: list[object] = []
        self.database = database
        self.restart()

    def restart(self) -> None:
        self.disk = Disk(self.database, "kmsg")
        mark = self.disk.mark()
        self.totals = XidTotals({})
        self.wiring = Wiring(
            steady=lambda: self.steady,
            places=lambda: self.places,
            switches=self.totals.welcome_switches,
            asked=lambda _: Action.NONE,
            counted=lambda counted: self.told.append([one.event.code for one in counted]),
            problem=self.told.append,
            lost=self.told.append,
            failed=lambda error: self.told.append(str(error)),
        )
        reader = KernelLog(
            self.log,
            mark.cursor if mark else None,
            boot="boot",
            wall=lambda: NOW,
            steady=lambda: self.steady,
        )
        self.watch = XidWatch(reader, self.totals, self.disk, self.wiring)

    def write(self, *lines: str) -> None:
        with self.log.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def events(self) -> list[str]:
        page = EventLog(self.database).query(Wanted())
        return [event.message for event in page.events]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
async def node(tmp_path: Path, database: Database) -> Node:
    """A node whose log is empty and counted from now on."""
    node = Node(tmp_path, database)
    node.log.touch()
    await node.watch.step()
    return node


async def test_from_the_line_to_the_counter(node: Node) -> None:
    """Event row, totals and place are durable, then the count shows."""
    node.write(f"3,1,1,-;{XID}")
    await node.watch.step()

    assert node.told == [[79]]
    assert node.totals.totals == {KEY: 1.0, LAST: NOW}
    assert node.events() == ["Xid 79: GPU has fallen off the bus. (at 00000000:3B:00.0)"]
    mark = node.disk.mark()
    assert mark is not None
    assert mark.cursor.next == 2


async def test_a_device_wakes(node: Node) -> None:
    """A log that can be waited for, as /dev/kmsg can, is read when there is something to read, not at the next look."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = Path(os.ttyname(slave))
    log = KernelLog(path, None, boot="boot", wall=lambda: NOW, steady=lambda: 0.0)
    seen, ending = asyncio.Event(), asyncio.Event()
    wiring = replace(node.wiring, at_end=3600.0, waited=3600.0, counted=lambda _: seen.set())
    watch = XidWatch(log, node.totals, Disk(node.database, str(path)), wiring)
    await watch.step()  # it is at its end

    running = asyncio.create_task(watch.run(ending))
    await asyncio.sleep(0)
    os.write(master, f"3,1,1,-;{XID}\n".encode())

    async with asyncio.timeout(30):
        await seen.wait()
    ending.set()
    await running
    os.close(master)
    os.close(slave)


async def test_a_count_shows_only_after_its_commit(node: Node) -> None:
    """While the disk is full nothing shows and nothing more is read; then all of it comes, once."""
    node.disk.full = True
    node.write(f"3,1,1,-;{XID}")
    assert await node.watch.step() == 1.0
    node.write(f"3,2,1,-;{XID}")
    assert await node.watch.step() == 1.0

    assert node.totals.totals == {}
    assert node.told == ["the disk is full", "the disk is full"]
    node.disk.full = False
    await node.watch.step()
    assert node.told[2:] == [[79], [79]]
    assert node.totals.totals[KEY] == 2.0
    assert len(node.events()) == 2


async def test_a_crash_while_the_disk_was_full(node: Node) -> None:
    """What was not written is read again."""
    node.disk.full = True
    node.write(f"3,1,1,-;{XID}")
    await node.watch.step()
    node.restart()
    await node.watch.step()

    assert node.totals.totals[KEY] == 1.0
    assert len(node.events()) == 1


async def test_a_first_start(tmp_path: Path, database: Database) -> None:
    """What is there already becomes history."""
    node = Node(tmp_path, database)
    node.write(f"3,1,1,-;{XID}")
    await node.watch.step()

    assert node.totals.totals == {}
    assert len(node.events()) == 1
    node.write(f"3,2,1,-;{XID}")
    await node.watch.step()
    assert node.totals.totals[KEY] == 1.0


async def test_records_wait_for_their_gpu(node: Node) -> None:
    """The driver may need half a minute until it tells which GPU sits where."""
    node.places = {}
    node.write(f"3,1,1,-;{XID}")
    await node.watch.step()
    assert node.events() == []
    node.places = {"00000000:3B:00.0": "GPU-1"}
    await node.watch.step()

    assert node.totals.totals[KEY] == 1.0


async def test_they_do_not_wait_for_ever(node: Node) -> None:
    """The event is kept without a GPU."""
    node.places = {}
    node.write(f"3,1,1,-;{XID}")
    node.steady = 31.0
    await node.watch.step()

    assert node.totals.totals == {}
    assert len(node.events()) == 1


TOLD = Event(
    at=NOW, kind=EventKind.XID, severity=Severity.WARNING, message="", uuid="GPU-1", code=79
)


async def test_nvml_alone(node: Node) -> None:
    """It counts after a second."""
    node.watch.nvml(TOLD)
    await node.watch.step()
    assert node.totals.totals == {}
    node.steady = 1.0
    await node.watch.step()

    assert node.totals.totals[KEY] == 1.0


async def test_no_log_at_all(node: Node) -> None:
    """A simulated source has no kernel, so its events count at once."""
    watch = XidWatch(NoLog(), node.totals, node.disk, node.wiring)
    watch.nvml(TOLD)
    await watch.step()
    ending = asyncio.Event()
    ending.set()
    await watch.run(ending)

    assert node.totals.totals[KEY] == 1.0
    assert node.told == [Problem.OFF, [79]]


async def test_problems_and_losses_are_told_once(node: Node) -> None:
    """A log that goes and comes back, with a hole in its numbers."""
    node.write("6,1,1,-;other", "6,5,1,-;other")
    await node.watch.step()
    node.log.unlink()
    node.restart()
    await node.watch.step()
    await node.watch.step()
    node.log.touch()
    await node.watch.step()

    assert node.told == [3, Problem.MISSING, Problem.NONE]


async def test_the_place_is_saved_now_and_then(node: Node) -> None:
    """Not with each record: most are about something else, and a commit waits for the disk."""
    node.write("6,1,1,-;other")
    await node.watch.step()
    before = node.disk.mark()
    node.steady = 11.0
    await node.watch.step()
    after = node.disk.mark()

    assert before is not None
    assert after is not None
    assert (before.cursor.next, after.cursor.next) == (0, 2)


async def test_running(node: Node) -> None:
    """It follows the log until it shall end."""
    ending = asyncio.Event()
    running = asyncio.create_task(node.watch.run(ending))
    for number in range(3):
        node.write(f"3,{number},1,-;{XID}")
        while len(node.told) <= number:  # noqa: ASYNC110 - the log has no other way to tell
            await asyncio.sleep(0.01)
    node.write("6,3,1,-;the last one")
    ending.set()
    await running
    mark = node.disk.mark()

    assert mark is not None
    assert mark.cursor.next == 4
    assert Totals(node.database).load().get(KEY, node.totals.totals[KEY]) == 3.0


def test_places_of_a_snapshot() -> None:
    """By address in one form; a GPU that has not told its own is not there."""
    named = Identity(uuid="GPU-1", index=0, model="H100", pci_bus_id="00000000:3B:00.0")
    unnamed = Identity(uuid="unknown-1", index=1, model="", pci_bus_id="")
    snapshot = Snapshot().with_gpu(GpuView(identity=named)).with_gpu(GpuView(identity=unnamed))

    assert places(snapshot) == {"00000000:3B:00.0": "GPU-1"}


SWITCH = "6,{n},1,-;nvidia-nvswitch: Probing device 0000:a9:00.0, Vendor Id = 0x10de, Device Id = 0x22a3, Class = 0x68000"
SXID = "3,{n},1,-;nvidia-nvswitch2: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up"
SWITCHED = Key("", SXID_ERRORS, ("00000000:A9:00.0", "20034", "reset_gpu"))


async def test_a_switch_counts_from_zero_and_over_a_restart(node: Node) -> None:
    """When its driver finds it nothing has happened; then each SXid is one, with the time of the last."""
    node.write(SWITCH.format(n=1))
    await node.watch.step()
    before = dict(node.totals.totals)
    node.write(SXID.format(n=2), SXID.format(n=3))
    await node.watch.step()
    node.restart()
    await node.watch.step()

    assert before[SWITCHED] == 0.0
    assert Totals(node.database).load() == {
        SWITCHED: 2.0,
        Key("", SXID_LAST, SWITCHED.labels): NOW,
    }
    assert node.totals.totals.keys() == before.keys()


async def test_without_a_log_an_event_of_nvml_does_not_wait(
    database: Database, tmp_path: Path
) -> None:
    """It is durable as soon as it is told: nobody else will tell it, and a kill would lose it."""
    node = Node(tmp_path, database)
    watch = XidWatch(NoLog(), node.totals, node.disk, replace(node.wiring, without_log=3600.0))
    ending = asyncio.Event()
    running = asyncio.create_task(watch.run(ending))
    try:
        async with asyncio.timeout(20):
            while Problem.OFF not in node.told:  # noqa: ASYNC110 - the watch wakes nobody
                await asyncio.sleep(0.001)
            watch.nvml(TOLD)
            while [79] not in node.told:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    finally:
        ending.set()
        await running

    assert node.totals.totals[KEY] == 1.0
    assert len(node.events()) == 1
