"""How far the log was read: what is new, and how many records nobody can read any more."""

from dataclasses import dataclass

from probes.kernel_log.record import Record

_LEAP = 2**40
"""No kernel wrote so many records: a number so far ahead is garbage, and believing it would silence the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """All up to here was read; it outlives the process.

    Attributes:
        origin, next: who numbers the records, and the number that comes next.
        file, offset: of a file, what it is known by, and the bytes read of it.
    """

    origin: str = ""
    next: int = 0
    file: str = ""
    offset: int = 0


class Progress:
    """Takes each numbered record once.

    Args:
        cursor: where an earlier process stopped; None if there was none, then nothing before the first record is missing.

    Attributes:
        lost: records that were never there to take: the kernel had overwritten them.
    """

    def __init__(self, cursor: Cursor | None) -> None:
        self.origin = cursor.origin if cursor else ""
        self.next = cursor.next if cursor else 0
        self.lost = 0

    def take(self, record: Record) -> bool:
        """Whether *record* is new."""
        number = record.sequence
        if number is None:
            return True
        if record.origin != self.origin:
            self._begin(record, number)
        if number < self.next:
            return False
        if number - self.next >= _LEAP:
            return True
        if record.dense:
            self.lost += number - self.next
        self.next = number + 1
        return True

    def _begin(self, record: Record, number: int) -> None:
        """Another boot numbers from 0; what came before the first record ever read is not ours."""
        self.next = 0 if self.origin and record.dense else number
        self.origin = record.origin
