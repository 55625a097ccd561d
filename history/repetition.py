"""A past made of one hour, again and again: so that the charts of a recording, which is played in a loop, begin full.

Blocks are written as they would be found had it been played for days, and packed once: playing 35 days takes minutes.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from history import blocks, register
from history.blocks import DAY, HOUR, Columns, Packed
from history.database import Database
from history.minute import Key
from history.packing import pack
from history.question import MINUTE

_RAISE = "UPDATE minute SET last = last + ? WHERE series = ?"


def repeat(
    database: Database, hour: int, days: int, totals: Mapping[Key, float]
) -> dict[Key, float]:
    """Fill the whole days of the last *days* before *hour* with the hour that begins then, in place of what is there.

    Counters end where the minutes that are kept begin. Where that is too low to have counted for days, a counter of
    *totals* is lifted, in the minutes kept too: the totals to go on with. Those that others count are cut off at 0.
    """
    first = -((days * DAY - hour) // DAY) * DAY
    lifted = dict(totals)
    with database.transaction() as connection:
        connection.execute("DELETE FROM minute WHERE at < ?", (hour,))
        for number, key in tuple(register.keys(connection)):
            columns = blocks.read(connection, number, hour, hour + HOUR, blocks.NUMBERS)
            if not columns["at"]:
                continue
            if key in totals:
                lift = _lift(columns, (hour - first) // HOUR)
                connection.execute(_RAISE, (lift, number))
                columns["last"] = array("d", [last + lift for last in columns["last"]])
                lifted[key] += lift
            for block in _copies(columns, hour, first):
                blocks.keep(connection, number, block.width, block.span, block.columns)
    return lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    width: int
    span: tuple[int, int]
    columns: Packed


def _copies(columns: Columns, hour: int, first: int) -> Iterator[_Block]:
    """Whole days as blocks of a day, what is left as blocks of an hour."""
    days = range(first, hour // DAY * DAY, DAY)
    for width, starts in ((DAY, days), (HOUR, range(days.stop, hour, HOUR))):
        pattern = _repeated(columns, hour, width // HOUR)
        template = blocks.packed(pattern)
        offsets, gain = pattern["at"], _gain(columns)
        for start in starts:
            moved = {"at": _minutes(start, offsets.tobytes())}
            if gain:
                back = gain * ((start - hour) // HOUR)
                lasts = [max(last + back, 0.0) for last in pattern["last"]]
                moved["last"] = pack(array("d", lasts))
            span = start + int(offsets[0]), start + int(offsets[-1]) + MINUTE
            yield _Block(width=width, span=span, columns={**template, **moved})


@lru_cache(maxsize=128)  # nearly all series have every minute
def _minutes(start: int, offsets: bytes) -> bytes:
    """`at` as it is packed."""
    return pack(array("d", [start + offset for offset in array("d", offsets)]))


def _repeated(columns: Columns, hour: int, times: int) -> Columns:
    """*times* hours one after the other; `at` counts from their start."""
    gain = _gain(columns)
    repeated = {name: values * times for name, values in columns.items()}
    for name, start, step in (("at", -hour, HOUR), ("last", 0.0, gain)):
        if name in columns:
            repeated[name] = array(
                "d", [v + start + step * n for n in range(times) for v in columns[name]]
            )
    return repeated


def _gain(columns: Columns) -> float:
    return sum(columns.get("increase", ()))


def _lift(columns: Columns, hours: int) -> float:
    """What a counter is too low to have counted for *hours*."""
    return max(0.0, _gain(columns) * hours - columns["last"][0])
