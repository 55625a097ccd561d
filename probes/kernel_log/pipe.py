"""A FIFO that another program writes lines to, such as `journalctl -k -f -o json > FIFO`."""

import os
from pathlib import Path

from probes.kernel_log.chunk import Chunk

_SIZE = 65_536


class Pipe:
    """Reads without waiting; writers may come and go."""

    descriptor = None  # always readable while there is no writer

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._rest = b""

    def chunk(self) -> Chunk:
        """The lines that are complete.

        Raises:
            OSError: it cannot be read any more.
        """
        try:
            data = os.read(self._descriptor, _SIZE)
        except BlockingIOError:
            data = b""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest if len(rest) < _SIZE else b""  # what has no end is no line
        return Chunk(lines=lines, caught_up=len(data) < _SIZE)

    def close(self) -> None:
        os.close(self._descriptor)
