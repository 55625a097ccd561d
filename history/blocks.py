"""Minutes of one series as columns: read from rows and blocks alike, written as one block."""

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from history.packing import pack, unpack
from history.question import MINUTE

HOUR = 3_600
DAY = 86_400

NUMBERS = ("low", "mean", "high", "last", "covered", "increase")
Columns = dict[str, "array[float]"]
"""Parallel columns by name: `at`, ascending, and those of `NUMBERS` that the series has."""
Packed = Mapping[str, bytes]
"""The same as they are stored."""

# Row by row through the key: minutes lie in the order of time, so a scan would read all series.
_ROWS = """
WITH RECURSIVE known (at) AS (
    SELECT min(at) FROM minute WHERE at >= :start
    UNION ALL
    SELECT (SELECT min(at) FROM minute WHERE at > known.at) FROM known WHERE known.at < :end
)
SELECT minute.at, low, mean, high, last, covered, increase
FROM known CROSS JOIN minute ON minute.at = known.at AND minute.series = :series
WHERE known.at < :end
"""
_BLOCKS = """
SELECT at, low, mean, high, last, covered, increase FROM block
WHERE series = :series AND start > :start - 86400 AND start < :end AND finish > :start
ORDER BY start
"""
_WRITE = """
INSERT INTO block (series, start, finish, width, at, low, mean, high, last, covered, increase)
VALUES (:series, :start, :finish, :width, :at, :low, :mean, :high, :last, :covered, :increase)
"""
_FROM_LAST = -1.0
"""Stands for an increase that is the difference of two last values, so that it packs into nothing."""


def columns_of(rows: Iterable[Sequence[float | None]]) -> Columns:
    """Columns of rows that have `at` and all of `NUMBERS`, in ascending order."""
    columns: Columns = {}
    for name, values in zip(("at", *NUMBERS), zip(*rows, strict=True), strict=False):
        if values[0] is not None:
            columns[name] = array("d", values)
    return columns


def read(
    connection: sqlite3.Connection, series: int, start: float, end: float, names: Iterable[str]
) -> Columns:
    """The minutes of *series* with `start <= at < end`: `at`, and those of *names* that it has."""
    where = {"series": series, "start": start, "end": end}
    wanted = ("at", *names)
    parts = [
        _clipped(_unpacked(row, wanted), start, end) for row in connection.execute(_BLOCKS, where)
    ]
    parts.append(rows(connection, series, start, end))
    parts = [part for part in parts if part]
    parts.sort(key=lambda part: part["at"][0])
    return _joined(parts, wanted)


def rows(connection: sqlite3.Connection, series: int, start: float, end: float) -> Columns:
    """The minutes of *series* with `start <= at < end` that are in no block."""
    where = {"series": series, "start": start, "end": end}
    return columns_of(connection.execute(_ROWS, where))


def newest(connection: sqlite3.Connection, series: int) -> float | None:
    """The last value of *series* that was kept; None if nothing is left."""
    row = connection.execute(
        "SELECT at, last FROM minute WHERE series = ? ORDER BY at DESC LIMIT 1", (series,)
    ).fetchone()
    block = connection.execute(
        "SELECT start, last FROM block WHERE series = ? ORDER BY start DESC LIMIT 1", (series,)
    ).fetchone()
    if block and (row is None or row[0] < block[0]):
        return unpack(block[1])[-1]
    return None if row is None else float(row[1])


def write(connection: sqlite3.Connection, series: int, width: int, columns: Columns) -> None:
    """Keep *columns*, all of one clock hour or one UTC day, as a block of *series*."""
    span = int(columns["at"][0]), int(columns["at"][-1]) + MINUTE
    keep(connection, series, width, span, packed(columns))


def packed(columns: Columns) -> Packed:
    """*columns* as a block has them."""
    if "increase" in columns:
        increase = _without_differences(columns["increase"], columns["last"])
        columns = {**columns, "increase": increase}
    return {name: pack(columns[name]) for name in ("at", *NUMBERS) if name in columns}


def keep(
    connection: sqlite3.Connection, series: int, width: int, span: tuple[int, int], columns: Packed
) -> None:
    """Write a block that begins and ends at *span*."""
    where = {"series": series, "start": span[0], "finish": span[1], "width": width}
    connection.execute(_WRITE, {**dict.fromkeys(NUMBERS), **where, **columns})


def _unpacked(row: Sequence[bytes | None], wanted: Sequence[str]) -> Columns:
    packed = {
        name: blob for name, blob in zip(("at", *NUMBERS), row, strict=True) if blob is not None
    }
    columns = {name: unpack(packed[name]) for name in wanted if name in packed}
    if "increase" in columns:
        columns["increase"] = _with_differences(columns["increase"], unpack(packed["last"]))
    return columns


def _without_differences(increase: "array[float]", last: "array[float]") -> "array[float]":
    differences = (after - before for before, after in pairwise(last))
    found = zip(increase[1:], differences, strict=True)
    return increase[:1] + array("d", [_FROM_LAST if a == b else a for a, b in found])


def _with_differences(increase: "array[float]", last: "array[float]") -> "array[float]":
    differences = (after - before for before, after in pairwise(last))
    found = zip(increase[1:], differences, strict=True)
    return increase[:1] + array("d", [b if a == _FROM_LAST else a for a, b in found])


def _clipped(columns: Columns, start: float, end: float) -> Columns:
    first, stop = bisect_left(columns["at"], start), bisect_left(columns["at"], end)
    if first == stop:
        return {}
    return {name: values[first:stop] for name, values in columns.items()}


def _joined(parts: Sequence[Columns], wanted: Sequence[str]) -> Columns:
    joined: Columns = {"at": array("d")}
    for name in wanted:
        if parts and name in parts[0]:
            joined[name] = array("d")
            for part in parts:
                joined[name].extend(part[name])
    at = joined["at"]
    if any(before >= after for before, after in pairwise(at)):  # rows on both sides of a block
        order = sorted(range(len(at)), key=at.__getitem__)
        joined = {name: array("d", [values[i] for i in order]) for name, values in joined.items()}
    return joined
