import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kernel_log.progress import Cursor
from probes.kernel_log.reader import Batch, KernelLog, Problem, boot_id

ROOT = Path(__file__).parents[3]
BOOT = "boot-1"
NOW = 1_800_000_000.0
XID = "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus."


def opened(path: Path, cursor: Cursor | None = None, boot: str = BOOT) -> KernelLog:
    """A log read at one moment, 5,000 s after the boot."""
    return KernelLog(path, cursor, boot=boot, wall=lambda: NOW, steady=lambda: 5_000.0)


def texts(batch: Batch) -> list[str]:
    return [record.text for record in batch.records]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kmsg"


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_only_what_may_matter_is_kept(path: Path) -> None:
    """Of the other records the numbers count."""
    append(path, "6,7,1,-;usb 1-1: new device", f"3,8,4000000000,-;{XID}", "6,9,1,-;eth0: link up")
    batch = opened(path).read()

    assert texts(batch) == [XID]
    assert [record.at for record in batch.records] == [NOW - 1000]
    assert (batch.cursor.origin, batch.cursor.next) == (BOOT, 10)
    assert batch.caught_up


def test_a_record_read_twice_counts_once(path: Path) -> None:
    """`cat /dev/kmsg >> FILE` was started again: the ring is in the file a second time."""
    ring = [f"3,{number},1,-;{XID}" for number in range(5)]
    append(path, *ring)
    log = opened(path)

    assert len(log.read().records) == 5
    append(path, *ring, f"3,5,1,-;{XID}")
    assert len(log.read().records) == 1


def test_restart(path: Path) -> None:
    """It goes on at the cursor."""
    append(path, f"3,0,1,-;{XID}")
    cursor = opened(path).read().cursor
    append(path, f"3,1,1,-;{XID} again")

    assert texts(opened(path, cursor).read()) == [f"{XID} again"]


def test_restart_of_the_machine(path: Path) -> None:
    """The file goes on where it was; its records are numbered anew."""
    append(path, f"3,500,1,-;{XID}")
    cursor = opened(path).read().cursor
    append(path, "6,0,0,-;Linux version 6.8", f"3,1,1,-;{XID} again")

    batch = opened(path, cursor, "boot-2").read()
    assert texts(batch) == [f"{XID} again"]
    assert batch.lost == 0


def test_lost_records(path: Path) -> None:
    """A hole between two numbers is counted once."""
    append(path, f"3,10,1,-;{XID}", "6,15,1,-;other")
    log = opened(path)

    assert log.read().lost == 4
    append(path, "6,17,1,-;other")
    assert log.read().lost == 1
    assert log.read().lost == 0


def test_every_way_to_write_it(path: Path) -> None:
    """kmsg, journal and text lines, in one file even."""
    entry = {
        "_TRANSPORT": "kernel",
        "MESSAGE": f"{XID} journal",
        "__CURSOR": "s=ab;i=9;b=cd",
        "__REALTIME_TIMESTAMP": "1799999990000000",
    }
    append(
        path,
        f"3,1,4990000000,-;{XID} kmsg",
        json.dumps(entry),
        f"[ 4995.000000] {XID} dmesg",
        f"2027-01-15T07:59:58Z node kernel: {XID} syslog",
        f"{XID} bare",
    )
    records = opened(path).read().records

    assert [(record.text.rpartition(" ")[2], record.at) for record in records] == [
        ("kmsg", NOW - 10),
        ("journal", NOW - 10),
        ("dmesg", NOW - 5),
        ("syslog", NOW - 2),
        ("bare", NOW),
    ]


def test_a_stamp_of_the_future(path: Path) -> None:
    """A clock that was wrong makes no event of tomorrow."""
    append(path, f"2030-01-01T00:00:00Z node kernel: {XID}")

    assert [record.at for record in opened(path).read().records] == [NOW]


def test_missing(path: Path) -> None:
    """Nothing is read until it is there; then all of it is new."""
    log = opened(path)
    batch = log.read()

    assert (batch.problem, batch.caught_up) == (Problem.MISSING, True)
    assert str(path) in batch.error
    append(path, f"3,1,1,-;{XID}")
    assert texts(log.read()) == [XID]


def test_gone_and_back(path: Path) -> None:
    """A file that vanished is read to its end; the next one of that name is opened."""
    append(path, f"3,1,1,-;{XID}")
    log = opened(path)
    log.read()
    path.unlink()

    assert log.read().problem is Problem.NONE
    append(path, f"3,2,1,-;{XID} again")
    log.read()
    assert texts(log.read()) == [f"{XID} again"]


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    """It is told, not raised."""
    batch = opened(tmp_path).read()

    assert batch.problem is Problem.FAILED
    assert not batch.caught_up


def test_denied(path: Path) -> None:
    """Without the privilege the log says so, and does not pretend that all was read."""
    path.write_text("", encoding="utf-8")
    path.chmod(0)
    script = (
        "import os, sys; from pathlib import Path; from probes.kernel_log.reader import KernelLog\n"
        "os.geteuid() or os.seteuid(65534)  # to root nothing is denied\n"
        "log = KernelLog(Path(sys.argv[1]), None, boot='', wall=float, steady=float)\n"
        "batch = log.read(); print(batch.problem, batch.caught_up)"
    )
    run = [sys.executable, "-c", script, str(path)]
    answer = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True)

    assert answer.stdout == "denied False\n"


def test_this_kernels_ring() -> None:
    """A real ring gives its records by number, and a second reader that begins at the cursor gets none twice."""
    log = opened(Path("/dev/kmsg"), boot=boot_id())
    batch = log.read()
    if batch.problem:
        pytest.skip(f"the ring cannot be read: {batch.error}")
    while not batch.caught_up:
        batch = log.read()
    log.close()
    again = opened(Path("/dev/kmsg"), batch.cursor, boot_id()).read()

    assert batch.cursor.next > 0
    assert again.records == ()
    assert again.lost == 0


def test_pipe(path: Path) -> None:
    """What is written to a FIFO arrives; closing twice does no harm."""
    os.mkfifo(path)
    log = opened(path)

    assert log.read().caught_up
    with path.open("wb", buffering=0) as writer:
        writer.write(f"{XID}\n".encode())
        assert texts(log.read()) == [XID]
    log.close()
    log.close()


PARTS = st.sampled_from(
    (b"6,1,2,-;", b"NVRM: Xid (PCI:0000:3b:00): 79, ", b"\\x0a", b"\n", b"\0", b'{"MESSAGE":')
)


@given(st.lists(PARTS | st.binary()).map(b"".join))
def test_garbage(data: bytes) -> None:
    """Whatever is in a file, it is read to its end, and nothing is raised."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        log = opened(Path(file.name))
        batch = log.read()
        log.close()

    assert batch.caught_up
    assert batch.cursor.offset == data.rfind(b"\n") + 1
