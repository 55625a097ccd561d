"""`/dev/kmsg`: each read gives one record, the oldest in the kernel's ring first."""

import os
from collections.abc import Callable
from pathlib import Path

from probes.kernel_log.chunk import Chunk

_MOST = 1000
_SIZE = 16_384
"""The kernel writes 8 KiB at most, and refuses a smaller buffer than the record needs."""


class Device:
    """Reads without waiting.

    Args:
        read: `os.read` of a descriptor that does not block.
        close: gives the descriptor back.
        descriptor: the descriptor.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        close: Callable[[], None],
        descriptor: int | None = None,
    ) -> None:
        self._read = read
        self.close = close
        self.descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> "Device":
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        return cls(
            lambda size: os.read(descriptor, size), lambda: os.close(descriptor), descriptor
        )

    def chunk(self) -> Chunk:
        """The next records.

        Raises:
            OSError: it cannot be read any more.
        """
        lines: list[bytes] = []
        for _ in range(_MOST):
            try:
                data = self._read(_SIZE)
            except BlockingIOError:
                return Chunk(lines=lines, caught_up=True)
            except BrokenPipeError:
                continue  # The next record was overwritten; the number of the one after tells how many.
            if not data:
                return Chunk(lines=lines, caught_up=True)
            lines.append(data)
        return Chunk(lines=lines, caught_up=False)
