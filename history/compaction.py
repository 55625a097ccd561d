"""Keeping the file small: rows become blocks of an hour, those become blocks of a day, old days go.

Every minute of a series exists once, as a row or in one block. A minute that comes late for a block
turns the block back into rows.
"""

import sqlite3

from history import blocks, register
from history.blocks import DAY, HOUR
from history.question import MINUTE

_LATE = 300.0
"""Seconds after its end at which an hour is packed."""
_SERIES_A_CALL = 128
"""Hour blocks made by one call, some 100 ms together: an event that happens meanwhile waits for them."""
_DAYS_A_CALL = 8
"""Day blocks made by one call: some 5 ms each."""
_PAGES_A_CALL = 512
SPARE_PAGES = 4_096
"""Free pages (16 MB) that are left for tomorrow; more are given back to the file system."""

_THAW = """
INSERT INTO minute (series, at, low, mean, high, last, covered, increase)
VALUES (:series, :at, :low, :mean, :high, :last, :covered, :increase)
"""


def maintain(connection: sqlite3.Connection, now: float, days: int) -> bool:
    """One small step, to be taken once a minute inside a transaction; whether minutes expired."""
    left = _SERIES_A_CALL
    while left and (packed := pack_hour(connection, now, left)):
        left -= packed
    for _ in range(_DAYS_A_CALL):
        if not pack_day(connection, now):
            break
    give_back(connection)
    return expire(connection, now - days * DAY)


def pack_hour(connection: sqlite3.Connection, now: float, most: int) -> int:
    """Turn the rows of *most* series in the oldest finished hour into blocks, or of fewer; of how many."""
    (oldest,) = connection.execute("SELECT min(at) FROM minute").fetchone()
    if oldest is None or oldest // HOUR * HOUR + HOUR > now - _LATE:
        return 0
    hour = (oldest // HOUR * HOUR, oldest // HOUR * HOUR + HOUR)
    some = connection.execute(
        "SELECT series FROM minute WHERE at = ? LIMIT ?", (oldest, most)
    ).fetchall()
    for (series,) in some:
        columns = blocks.rows(connection, series, *hour)
        blocks.write(connection, series, HOUR, columns)
        connection.executemany(
            "DELETE FROM minute WHERE at = ? AND series = ?",
            [(at, series) for at in columns["at"]],
        )
    return len(some)


def pack_day(connection: sqlite3.Connection, now: float) -> bool:
    """Join the hours of one series on the oldest finished day; False if there are none."""
    today = (now - HOUR) // DAY * DAY
    found = connection.execute(
        "SELECT series, start FROM block WHERE width = ? AND start < ? ORDER BY start LIMIT 1",
        (HOUR, today),
    ).fetchone()
    if found is None:
        return False
    series, start = found
    day = (start // DAY * DAY, start // DAY * DAY + DAY)
    columns = blocks.read(connection, series, day[0], day[1], blocks.NUMBERS)
    connection.execute(
        "DELETE FROM block WHERE series = ? AND start >= ? AND start < ?", (series, *day)
    )
    connection.execute(
        "DELETE FROM minute WHERE series = ? AND at >= ? AND at < ?", (series, *day)
    )
    blocks.write(connection, series, DAY, columns)
    return True


def thaw(connection: sqlite3.Connection, series: int, at: int) -> None:
    """Make room for a late minute: the block that has its hour or day becomes rows again."""
    block = connection.execute(
        "SELECT start, finish FROM block WHERE series = ? AND start > ? - 86400 AND start < ? + 86400"
        " AND start - start % width <= ? AND start - start % width + width > ?",
        (series, at, at, at, at),
    ).fetchone()
    if block is None:
        return
    start, finish = block
    columns = blocks.read(connection, series, start, finish, blocks.NUMBERS)
    connection.execute("DELETE FROM block WHERE series = ? AND start = ?", (series, start))
    names = ("at", *blocks.NUMBERS)
    for index in range(len(columns["at"])):
        row = {name: columns[name][index] if name in columns else None for name in names}
        connection.execute(_THAW, {"series": series, **row})


def packed_until(connection: sqlite3.Connection) -> int:
    """Minutes from here on cannot be in a block."""
    until = 0
    for width in (HOUR, DAY):
        (start,) = connection.execute(
            "SELECT max(start) FROM block WHERE width = ?", (width,)
        ).fetchone()
        if start is not None:
            until = max(until, start // width * width + width)
    return until


def expire(connection: sqlite3.Connection, before: float) -> bool:
    """Drop what is older than *before*, a block when all of it is; whether there was any."""
    gone = 0
    for width in (HOUR, DAY):
        gone += connection.execute(
            "DELETE FROM block WHERE width = ? AND start < ? AND finish <= ?",
            (width, before, before),
        ).rowcount
    gone += connection.execute("DELETE FROM minute WHERE at <= ?", (before - MINUTE,)).rowcount
    if gone:
        register.forget_unused(connection)
    return gone > 0


def give_back(connection: sqlite3.Connection) -> None:
    """Shorten the file by some of the pages that nothing uses."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(max(free - SPARE_PAGES, 0), _PAGES_A_CALL)):
        connection.execute("PRAGMA incremental_vacuum(1)")  # Python takes only its first step
