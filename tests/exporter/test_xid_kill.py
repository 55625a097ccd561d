"""SIGKILL in a storm of Xids, and what the next process makes of it."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalog.metrics.events import XID_ERRORS
from exporter.commit_events import EventCommits
from history.database import Database

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("KILL_ROUNDS", "10"))
_PAUSE = 0.0002 * ROUNDS
"""Seconds between two writes: however many rounds, no more events than are kept."""
CODES = (13, 31, 48, 79, 94, 119)
LAST = "the last of all"


class Storm(threading.Thread):
    """A driver that fails all the time: it appends to a log, in pieces that end anywhere, until stopped."""

    def __init__(self, log: Path, line: Callable[[int, str], str]) -> None:
        super().__init__()
        self.written: Counter[tuple[str, int]] = Counter()
        self.turn = threading.Lock()
        self._log = log
        self._line = line
        self._rng = random.Random(5)  # noqa: S311 - seeded, not secret
        self._ending = threading.Event()

    def run(self) -> None:
        number = 0
        while not self._ending.wait(_PAUSE):
            lines = []
            for _ in range(self._rng.randrange(60)):
                lines.append(self._line(number, self._text(number)))
                number += 1
            data = "".join(lines).encode()
            cut = self._rng.randrange(len(data) + 1)
            with self.turn:
                for piece in (data[:cut], data[cut:]):
                    with self._log.open("ab", buffering=0) as file:
                        file.write(piece)

    def stop(self) -> None:
        """End, with a last Xid that tells so."""
        self._ending.set()
        self.join()
        self.written["GPU-0", 172] += 1
        with self._log.open("a") as file:
            file.write(self._line(10**6 - 1, f"NVRM: Xid (PCI:0000:00:00): 172, {LAST}"))

    def _text(self, number: int) -> str:
        """One message in three is an Xid, and tells its number."""
        if number % 3:
            return "usb 1-1: something else"
        bus, code = self._rng.randrange(8), self._rng.choice(CODES)
        self.written[f"GPU-{bus}", code] += 1
        return f"NVRM: Xid (PCI:0000:{bus:02x}:00): {code}, pid=1, name=python, number {number}."


@contextmanager
def counting(log: Path, folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process that counts; it has begun."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.exporter.xid_child", log, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        while child.stdout.readline() != "begun\n":
            assert child.poll() is None
        yield child


def killed(log: Path, folder: Path, seconds: float) -> None:
    """Let a process count for some time, then kill it, whatever it is at."""
    with counting(log, folder) as child:
        time.sleep(seconds)
        child.kill()


def finished(log: Path, folder: Path) -> None:
    """Let processes count to the end of the log; each reads at least once."""
    for _ in range(50):
        with counting(log, folder) as child:
            child.communicate("")
        assert child.returncode == 0
        if any(LAST in message for message in kept(folder)[1]):
            return
    raise AssertionError


def kept(folder: Path) -> tuple[Counter[tuple[str, int]], list[str], int]:
    """The totals by GPU and code, the messages of all events, and how many records count as lost."""
    with Database.open_reader(folder) as database, database.reading() as connection:
        totals: Counter[tuple[str, int]] = Counter()
        for uuid, labels, value in connection.execute(
            "SELECT uuid, labels, value FROM total WHERE metric = ?", (XID_ERRORS.name,)
        ):
            totals[uuid, int(labels.split('"')[1])] += int(value)
        messages = [text for (text,) in connection.execute("SELECT message FROM event")]
    return totals, messages, len(set(messages))


def kmsg(number: int, text: str) -> str:
    return f"6,{number},{number},-;{text}\n"


def syslog(number: int, text: str) -> str:
    return f"2026-05-25T12:34:56.{number:06}Z node kernel: {text}\n"


@pytest.mark.parametrize("line", [kmsg, syslog], ids=["kmsg", "syslog"])
def test_no_event_lost_and_none_twice(tmp_path: Path, line: Callable[[int, str], str]) -> None:
    """Ten kills at any moment, with rotations between: counts, events and what the driver wrote agree."""
    log, folder = tmp_path / "kern.log", tmp_path / "state"
    log.touch()
    with counting(log, folder) as child:  # the first start: what comes from now on counts
        child.kill()
    rng = random.Random(7)  # noqa: S311 - seeded, not secret
    storm = Storm(log, line)
    storm.start()
    for number in range(ROUNDS):
        killed(log, folder, rng.uniform(0, 0.3))
        with storm.turn:
            if number == 3:
                log.rename(log.with_name("kern.log.1"))
                log.touch()
            elif number == 7:
                shutil.copy2(log, log.with_name("kern.log-7"))
                log.write_bytes(b"")
    storm.stop()
    finished(log, folder)
    totals, messages, different = kept(folder)

    assert totals == storm.written
    assert len(messages) == different == storm.written.total()


async def test_all_or_nothing(tmp_path: Path) -> None:
    """A mark that cannot be read is as good as none, and another log has a mark of its own."""
    with Database.open(tmp_path) as database:
        commits = EventCommits(database, "/dev/kmsg")
        assert commits.mark() is None
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO note VALUES ('kernel_log /dev/kmsg', '{\"cursor\": 7}')"
            )

        assert commits.mark() is None
        assert EventCommits(database, "/var/log/kern.log").mark() is None
