"""A kernel log that is told rather than read: a simulated machine has no device to read it from."""

import contextlib
import os
from collections import deque

from probes.kernel_log.progress import Cursor
from probes.kernel_log.reader import Batch
from probes.kernel_log.record import Record

_MOST = 4_096
"""Records of one batch."""


class ToldLog:
    """Holds records until they are read; one thread tells, another reads.

    Attributes:
        descriptor: readable while there is more to read.
    """

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def tell(self, at: float, text: str) -> None:
        """The kernel logged *text*, *at* seconds since 1970."""
        self._records.append(Record(text=text, at=at))
        os.eventfd_write(self.descriptor, 1)

    def read(self) -> Batch:
        with contextlib.suppress(BlockingIOError):  # nothing was told
            os.eventfd_read(self.descriptor)
        count = min(len(self._records), _MOST)
        records = tuple(self._records.popleft() for _ in range(count))
        return Batch(cursor=Cursor(), records=records, caught_up=not self._records)

    def close(self) -> None:
        os.close(self.descriptor)
