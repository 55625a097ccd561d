"""What one look at a source gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some lines, or whole records where the source keeps them apart.

    Attributes:
        caught_up: whether nothing more was there to read.
        file, offset: of a file, what it is known by, and the bytes read of it after these lines.
    """

    lines: Sequence[bytes]
    caught_up: bool
    file: str = ""
    offset: int = 0


class Source(Protocol):
    """Where lines come from; it never waits for more."""

    @property
    def descriptor(self) -> int | None:
        """Becomes readable when there is more; None where only looking can tell."""
        ...

    def chunk(self) -> Chunk:
        """The next lines.

        Raises:
            OSError: it cannot be read any more.
        """
        ...

    def close(self) -> None: ...
