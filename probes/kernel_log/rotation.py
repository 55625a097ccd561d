"""Log files that are renamed or copied away and begin anew: which to read after a restart, and from where.

A file is known by its first line, not by its inode: a copy keeps the line, and a new file may get the inode of an old one.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_FIRST = 4096
_COMPRESSED = frozenset((".gz", ".xz", ".bz2", ".zst", ".lz4"))


def fingerprint(path: Path) -> str:
    """What the file is known by; empty while it has no whole line, or if it is not there."""
    try:
        with path.open("rb", buffering=0) as file:
            return fingerprint_of(file.fileno())
    except OSError:
        return ""


def fingerprint_of(descriptor: int) -> str:
    """The same, of an open file."""
    start = os.pread(descriptor, _FIRST, 0)
    line, end, _ = start.partition(b"\n")
    if not end and len(start) < _FIRST:
        return ""
    return hashlib.blake2b(line, digest_size=12).hexdigest()


def unread(path: Path, file: str, offset: int) -> Sequence[tuple[Path, int]]:
    """The files to read, oldest first, and the byte to begin at, after *offset* bytes of *file*.

    If *file* is gone, all of *path* is unread.
    """
    if fingerprint(path) == file and _size(path) >= offset:
        return ((path, offset),)
    rotated = sorted(_siblings(path), key=lambda sibling: sibling.stat().st_mtime_ns)
    same = [
        sibling for sibling in rotated if fingerprint(sibling) == file and _size(sibling) >= offset
    ]
    if not same:
        return ((path, 0),)
    rest = max(same, key=_size)
    newer = rotated[rotated.index(rest) + 1 :]
    between = [(sibling, 0) for sibling in newer if fingerprint(sibling) not in (file, "")]
    return ((rest, offset), *between, (path, 0))


def _siblings(path: Path) -> Iterator[Path]:
    """`kern.log.1`, `kern.log-20260101`; what is compressed was read long ago."""
    for sibling in path.parent.iterdir():
        suffix = sibling.name.removeprefix(path.name)
        if (
            suffix != sibling.name
            and suffix[:1] in (".", "-")
            and sibling.suffix not in _COMPRESSED
            and sibling.is_file()
        ):
            yield sibling


def _size(path: Path) -> int:
    return path.stat().st_size
