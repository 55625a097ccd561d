"""The one SQLite file of a node, open: who may write when. `history.opening` opens it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from catalog.errors import HistoryError
from history import opening


class Database:
    """A connection that threads take in turn.

    What SQLite raises becomes a HistoryError that names the file.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._turn = threading.RLock()
        self._path = path
        self.rollbacks = 0  # what was remembered of rows written before the last one may be gone

    @classmethod
    def open(cls, folder: Path) -> Self:
        """To write; see `opening.writable`. Give each process one."""
        return cls(opening.writable(folder), folder)

    @classmethod
    def open_reader(cls, folder: Path) -> Self:
        """To read, while another connection or process writes; see `opening.readable`."""
        return cls(opening.readable(folder), folder)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside becomes durable at its end, or none of it.

        A transaction inside another is part of it, so that events, totals and minutes may commit together.

        Raises:
            HistoryError: it could not be written, and nothing was.
        """
        with self._turn, self._translated("write"):
            yield from self._within("BEGIN IMMEDIATE")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All that is read inside is of one moment, whatever others write meanwhile.

        Raises:
            HistoryError: it could not be read.
        """
        with self._turn, self._translated("read"):
            yield from self._within("BEGIN")

    def _within(self, begin: str) -> Iterator[sqlite3.Connection]:
        if self._connection.in_transaction:
            yield self._connection
            return
        self._connection.execute(begin)
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            self.rollbacks += 1
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise HistoryError(f"cannot {verb} the history in {self._path}: {error}") from error

    def close(self) -> None:
        with self._turn:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
