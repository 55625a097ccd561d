"""The kernel log at a path: `/dev/kmsg`, a file or a FIFO; reopened whenever it went away."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from probes.kernel_log import journal, kmsg, nvrm, plain
from probes.kernel_log.chunk import Chunk, Source
from probes.kernel_log.device import Device
from probes.kernel_log.pipe import Pipe
from probes.kernel_log.progress import Cursor, Progress
from probes.kernel_log.record import Record
from probes.kernel_log.tail import Tail
from probes.kernel_log.timeline import Clock, Timeline

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LIVE = 1.0
"""Seconds since the end was last reached, within which what comes next was just written."""


class Problem(StrEnum):
    """Why the log cannot be read."""

    NONE = ""
    DENIED = "denied"
    MISSING = "missing"
    FAILED = "failed"
    OFF = "off"  # the operator wants none, or the source is simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is new in the log.

    Attributes:
        records: those that may be about a GPU or an NVSwitch, each with its time.
        cursor: all up to here is in this batch or was in those before.
        lost: records that the kernel overwrote before they could be read.
        caught_up: whether nothing more was there to read.
    """

    cursor: Cursor
    records: tuple[Record, ...] = ()
    lost: int = 0
    caught_up: bool = False
    problem: Problem = Problem.NONE
    error: str = ""


def boot_id() -> str:
    """The id of this boot: record numbers begin anew with each."""
    return _BOOT_ID.read_text(encoding="utf-8").strip()


class Log(Protocol):
    """Whatever holds the records of a kernel."""

    @property
    def descriptor(self) -> int | None:
        """Becomes readable when there is more to read; None where only looking can tell."""
        ...

    def read(self) -> Batch:
        """What is new, without waiting for it."""
        ...

    def close(self) -> None: ...


class KernelLog:
    """Reads without waiting; whatever goes wrong is told, never raised.

    Args:
        cursor: where an earlier process stopped.
        boot: the id of this boot.
        wall: seconds since 1970.
        steady: seconds that never jump, since the boot if it can be had.
    """

    def __init__(
        self, path: Path, cursor: Cursor | None, *, boot: str, wall: Clock, steady: Clock
    ) -> None:
        self._path = path
        self._boot = boot
        self._wall = wall
        self._steady = steady
        self._cursor = cursor or Cursor()
        self._progress = Progress(cursor)
        self._timeline = Timeline(wall, steady)
        self._source: Source | None = None
        self._end_seen = float("-inf")

    def read(self) -> Batch:
        """The next records, at most a few thousand."""
        try:
            if self._source is None:
                self._source = self._open()
            return self._batch(self._source.chunk())
        except PermissionError as error:
            return self._problem(Problem.DENIED, error)
        except FileNotFoundError as error:
            return self._problem(Problem.MISSING, error)
        except OSError as error:
            return self._problem(Problem.FAILED, error)

    @property
    def descriptor(self) -> int | None:
        """Becomes readable when there is more to read; None where only looking can tell."""
        return self._source.descriptor if self._source else None

    def close(self) -> None:
        if self._source:
            self._source.close()
            self._source = None

    def _open(self) -> Source:
        mode = os.stat(self._path).st_mode  # noqa: PTH116 - Path.stat is this call, and slower
        if stat.S_ISFIFO(mode):
            return Pipe(self._path)
        if stat.S_ISCHR(mode):
            return Device.open(self._path)
        return Tail(self._path, self._cursor)

    def _batch(self, chunk: Chunk) -> Batch:
        now = self._steady()
        live = now - self._end_seen < _LIVE
        if chunk.caught_up:
            self._end_seen = now
        before = self._progress.lost
        records = self._new(chunk.lines, live=live)
        self._cursor = Cursor(
            origin=self._progress.origin,
            next=self._progress.next,
            file=chunk.file,
            offset=chunk.offset,
        )
        return Batch(
            cursor=self._cursor,
            records=records,
            lost=self._progress.lost - before,
            caught_up=chunk.caught_up,
        )

    def _new(self, lines: Iterable[bytes], *, live: bool) -> tuple[Record, ...]:
        now = self._wall()
        records = (kmsg.parse(line, self._boot) or _other(line, now) for line in lines)
        return tuple(
            self._stamped(record, now, live=live)
            for record in records
            if record and self._progress.take(record) and nvrm.mentioned(record.text)
        )

    def _stamped(self, record: Record, now: float, *, live: bool) -> Record:
        if record.at is not None and record.at <= now:
            return record
        if record.monotonic_us is None:
            return replace(record, at=now)
        return replace(record, at=self._timeline.at(record.monotonic_us, live=live))

    def _problem(self, problem: Problem, error: OSError) -> Batch:
        self.close()
        return Batch(
            cursor=self._cursor,
            problem=problem,
            error=f"{self._path}: {error.strerror}",
            caught_up=problem is Problem.MISSING,
        )


class NoLog:
    """Where no kernel log is to be read."""

    descriptor = None

    def read(self) -> Batch:
        return Batch(cursor=Cursor(), problem=Problem.OFF, caught_up=True)

    def close(self) -> None:
        pass


def _other(line: bytes, now: float) -> Record | None:
    return journal.parse(line) if line[:1] == b"{" else plain.parse(line, now)
