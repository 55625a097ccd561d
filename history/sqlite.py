"""The embedded history: one-minute rollups in the node's SQLite file. `history.compaction` keeps it small."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalog.errors import HistoryError
from catalog.metric import Kind, Metric
from history import blocks, compaction, register
from history.aggregate import FOLDS, lines
from history.database import Database
from history.minute import CounterMinute, GaugeMinute, Key, Minute
from history.question import Answer, Question

# The same minute again (after a restart, or a late reading) adds up: its parts do not overlap in time.
_APPEND = """
INSERT INTO minute (at, series, low, mean, high, last, covered, increase)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (at, series) DO UPDATE SET
    low = min(low, excluded.low),
    mean = mean + (excluded.mean - mean) * excluded.covered / (covered + excluded.covered),
    high = max(high, excluded.high),
    last = excluded.last,
    covered = covered + excluded.covered,
    increase = increase + excluded.increase
"""
_SPAN = """
SELECT min(start), max(finish) FROM (
    SELECT min(at) AS start, max(at) + 60 AS finish FROM minute
    UNION ALL
    SELECT min(start), max(finish) FROM block
)
"""


class SqliteHistory:
    """A `history.question.History` that also learns.

    Args:
        days: how long minutes are kept; the oldest day goes when all of it is older.
    """

    def __init__(self, database: Database, *, days: int = 35) -> None:
        self._database = database
        self._days = days
        self._numbers: dict[Key, int] = {}
        self._rollbacks = database.rollbacks

    def append(self, minutes: Sequence[Minute]) -> None:
        """Keep *minutes*, all or none.

        Raises:
            HistoryError: they could not be written; try again with the same minutes.
        """
        if not minutes:
            return
        with self._database.transaction() as connection:
            self._make_room(connection, minutes)
            connection.executemany(_APPEND, self._rows(connection, minutes))

    def maintain(self, now: float) -> None:
        """A little of the work that keeps the file small; call it once a minute."""
        with self._database.transaction() as connection:
            if compaction.maintain(connection, now, self._days):
                self._numbers.clear()

    def last_counters(self) -> dict[Key, float]:
        """Every counter as it was last stored: what a new `Rollup` starts from."""
        with self._database.reading() as connection:
            found = (
                (key, blocks.newest(connection, number))
                for number, key in register.keys(connection)
                if key.metric.kind is Kind.COUNTER
            )
            return {key: last for key, last in found if last is not None}

    def answer(self, question: Question) -> Answer:
        """The answer from the minutes kept.

        Raises:
            HistoryError: the metric is not kept, or the file cannot be read.
        """
        if not question.metric.history:
            raise HistoryError(f"{question.metric.name} is not kept in the history")
        with self._database.reading() as connection:
            return lines(question, _minutes(connection, question))

    def series(self, metric: Metric) -> Sequence[Mapping[str, str]]:
        with self._database.reading() as connection:
            return tuple(register.of_metric(connection, metric).values())

    def span(self) -> tuple[float, float] | None:
        with self._database.reading() as connection:
            start, finish = connection.execute(_SPAN).fetchone()
        return None if start is None else (float(start), float(finish))

    def _number(self, connection: sqlite3.Connection, key: Key) -> int:
        if self._rollbacks != self._database.rollbacks:  # numbers given out then do not exist
            self._rollbacks = self._database.rollbacks
            self._numbers.clear()
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = register.number(connection, key)
        return number

    def _make_room(self, connection: sqlite3.Connection, minutes: Iterable[Minute]) -> None:
        packed = compaction.packed_until(connection)
        for minute in minutes:
            if minute.at < packed:
                compaction.thaw(connection, self._number(connection, minute.key), minute.at)

    def _rows(
        self, connection: sqlite3.Connection, minutes: Iterable[Minute]
    ) -> Iterator[tuple[float | None, ...]]:
        for minute in minutes:
            number = self._number(connection, minute.key)
            match minute:
                case GaugeMinute(low=low, mean=mean, high=high, last=last, covered=covered):
                    yield minute.at, number, low, mean, high, last, covered, None
                case CounterMinute(increase=increase, last=last):
                    yield minute.at, number, None, None, None, last, None, increase


def _minutes(
    connection: sqlite3.Connection, question: Question
) -> Iterator[tuple[Mapping[str, str], blocks.Columns]]:
    names = FOLDS[question.function].columns
    for number, labels in register.of_metric(connection, question.metric).items():
        if question.selects(labels):
            yield labels, blocks.read(connection, number, question.start, question.end, names)
