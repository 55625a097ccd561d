"""A log file as it grows, through renaming, copying away and truncation; only whole lines are read."""

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from probes.kernel_log import rotation
from probes.kernel_log.chunk import Chunk
from probes.kernel_log.progress import Cursor

_SIZE = 262_144
"""Bytes read at once; a longer line is skipped."""


class Tail:
    """Reads *path* from *cursor* on, and what was rotated away since; without a cursor from its beginning.

    Raises:
        OSError: it cannot be read.
    """

    descriptor = None  # a file is always readable

    def __init__(self, path: Path, cursor: Cursor | None) -> None:
        self._path = path
        self._descriptor = -1
        self._file = ""
        self._offset = 0
        self._read = (cursor.file, cursor.offset) if cursor else ("", 0)
        self._unread = self._find_unread()
        self._open_next()

    def chunk(self) -> Chunk:
        """The next whole lines.

        Raises:
            OSError: it cannot be read any more.
        """
        if self._replaced():
            self._unread = self._find_unread()
            self._open_next()
        data = os.pread(self._descriptor, _SIZE, self._offset)
        full = len(data) == _SIZE
        end = data.rfind(b"\n") + 1 or len(data) * full
        lines = self._lines(data[:end]) if end else ()
        more = full or (not end and self._move_on()) or bool(self._unread)
        file, offset = self._read
        return Chunk(lines=lines, caught_up=not more, file=file, offset=offset)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lines(self, data: bytes) -> Sequence[bytes]:
        if not self._file:
            self._file = rotation.fingerprint_of(self._descriptor)
        self._offset += len(data)
        self._read = self._file, self._offset
        lines = data.split(b"\n")
        lines.pop()
        return lines

    def _replaced(self) -> bool:
        """Whether the open file was truncated: it shrank, or begins with another line."""
        size = os.fstat(self._descriptor).st_size
        if size <= self._offset:
            return size < self._offset
        return bool(self._file) and rotation.fingerprint_of(self._descriptor) != self._file

    def _move_on(self) -> bool:
        """Go to the next file, if there is one; a new one counts once it has a line, until then the old one may grow."""
        if not self._unread:
            if not self._renamed():
                return False
            self._unread = self._find_unread()
        self._open_next()
        return True

    def _renamed(self) -> bool:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return False
        ours = os.fstat(self._descriptor)
        other = (now.st_dev, now.st_ino) != (ours.st_dev, ours.st_ino)
        return other and bool(rotation.fingerprint(self._path))

    def _find_unread(self) -> deque[tuple[Path, int]]:
        file, offset = self._read
        return deque(rotation.unread(self._path, file, offset) if file else ((self._path, 0),))

    def _open_next(self) -> None:
        path, offset = self._unread.popleft()
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.close()
        self._descriptor = descriptor
        self._offset = offset
        self._file = rotation.fingerprint_of(descriptor)
