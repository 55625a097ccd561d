"""What processes cost, as the kernel counts it: /proc/PID/stat, /proc/PID/smaps_rollup. One that has just ended costs nothing."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_USER_TIME = 11
"""Place of utime after the name in /proc/PID/stat (proc_pid_stat(5)); then stime, cutime, cstime."""


def tree(root: int) -> tuple[int, ...]:
    """*root* and all its descendants."""
    return (root, *(pid for child in children(root) for pid in tree(child)))


def children(parent: int) -> tuple[int, ...]:
    """The processes that *parent*'s threads started."""
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    return tuple(int(pid) for file in lists for pid in _read(file).split())


def running(pids: Iterable[int], module: str) -> tuple[int, ...]:
    """Those of *pids* that are `python -m MODULE`."""
    return tuple(
        pid for pid in pids if module.encode() in _read(Path(f"/proc/{pid}/cmdline")).split(b"\0")
    )


def processor_seconds(pids: Iterable[int]) -> float:
    """User and system time of *pids* and of the children that they have waited for."""
    return sum(map(_processor_seconds, pids))


def _processor_seconds(pid: int) -> float:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return sum(map(int, fields[_USER_TIME : _USER_TIME + 4])) / _TICKS


def pss_megabytes(pids: Iterable[int], part: str = "Pss") -> float:
    """Memory of *pids*, what they share divided between those who share it; *part* is a line of smaps_rollup."""
    return sum(_megabytes(pid, part) for pid in pids)


def _megabytes(pid: int, part: str) -> float:
    rollup = _read(Path(f"/proc/{pid}/smaps_rollup")).decode()
    found = re.search(rf"^{part}:\s+(\d+) kB$", rollup, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
