"""What happened, kept for 90 days, read newest first.

A storm must not fill the disk, nor push out what matters: of each severity only the newest events are kept.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import msgspec

from catalog.errors import HistoryError
from catalog.event import Event, EventKind, Severity
from history.database import Database

_DAY = 86_400
_CURSOR = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?_[0-9]{1,18}\Z")
MOST = 40_000
"""Events of one severity; the first written go first. All three with the longest texts are some 100 MB."""
_SLACK = 1_000
"""Events by which there may be more for a while, so that not each commit looks for the oldest."""

_COLUMNS = tuple(column.name for column in fields(Event))
_INSERT = f"""
INSERT INTO event ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in _COLUMNS)})
"""  # noqa: S608 - of our own names
_SELECT = f"""
SELECT id, {", ".join(_COLUMNS)} FROM event
WHERE at >= :start AND at < :end AND (at, id) < (:before_at, :before_id)
    AND (:uuid IS NULL OR uuid = :uuid)
    AND (:kinds IS NULL OR instr(:kinds, ',' || kind || ','))
    AND (:severities IS NULL OR instr(:severities, ',' || severity || ','))
    AND (:codes IS NULL OR instr(:codes, ',' || code || ','))
    AND (:text = '' OR instr(lower(message), lower(:text)))
ORDER BY at DESC, id DESC LIMIT :limit
"""  # noqa: S608 - of our own names
_TRIM = """
DELETE FROM event WHERE severity = :severity AND id <= (
    SELECT id FROM event WHERE severity = :severity ORDER BY id DESC LIMIT 1 OFFSET :most
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events.

    Attributes:
        start: seconds since 1970.
        end: seconds since 1970, excluded.
        uuid: only this GPU's; None is all, empty the node's own.
        kinds, severities, codes: only these; None is all.
        text: only those whose message has it, whatever the case of its ASCII letters.
        limit: how many one page holds.
        before: `Page.next` of the page before; empty is the newest.
    """

    start: float = 0.0
    end: float = float("inf")
    uuid: str | None = None
    kinds: tuple[EventKind, ...] | None = None
    severities: tuple[Severity, ...] | None = None
    codes: tuple[int, ...] | None = None
    text: str = ""
    limit: int = 100
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some events, newest first; `next` asks for the page after, None if this is the last.

    New events do not move what later pages hold.
    """

    events: tuple[Event, ...]
    next: str | None


class EventLog:
    """The events of a node.

    Args:
        days: how long they are kept.
        most: how many of one severity.
    """

    def __init__(self, database: Database, *, days: int = 90, most: int = MOST) -> None:
        self._database = database
        self._days = days
        self._most = most
        self._since = 0

    def append(self, events: Iterable[Event]) -> None:
        rows = [msgspec.to_builtins(event) for event in events]
        with self._database.transaction() as connection:
            connection.executemany(_INSERT, rows)
            self._since += len(rows)
            if self._since >= min(self._most, _SLACK):
                self._trim(connection)

    def _trim(self, connection: sqlite3.Connection) -> None:
        self._since = 0
        for severity in Severity:
            connection.execute(_TRIM, {"severity": severity, "most": self._most})

    def query(self, wanted: Wanted) -> Page:
        """One page of the events wanted.

        Raises:
            HistoryError: `before` is not a cursor of ours.
        """
        before_at, before_id = _position(wanted.before)
        where = {
            "start": wanted.start,
            "end": wanted.end,
            "before_at": before_at,
            "before_id": before_id,
            "uuid": wanted.uuid,
            "kinds": _listed(wanted.kinds),
            "severities": _listed(wanted.severities),
            "codes": _listed(wanted.codes),
            "text": wanted.text,
            "limit": wanted.limit + 1,
        }
        with self._database.reading() as connection:
            rows = connection.execute(_SELECT, where).fetchall()
        page = rows[: wanted.limit]
        more = len(rows) > wanted.limit and page
        return Page(
            events=tuple(_event(row[1:]) for row in page),
            next=f"{page[-1][1]!r}_{page[-1][0]}" if more else None,
        )

    def expire(self, now: float) -> None:
        """Forget what is older than the retention, or too much; once an hour is enough."""
        with self._database.transaction() as connection:
            self._trim(connection)
            connection.execute("DELETE FROM event WHERE at < ?", (now - self._days * _DAY,))


def _position(cursor: str) -> tuple[float, int]:
    if not cursor:
        return float("inf"), 0
    if not _CURSOR.match(cursor):
        raise HistoryError(f"{cursor!r} is not the cursor of a page of events")
    at, _, number = cursor.partition("_")
    return float(at), int(number)


def _listed(words: Sequence[object] | None) -> str | None:
    return None if words is None else f",{','.join(map(str, words))},"


def _event(row: Sequence[object]) -> Event:
    return msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), Event, strict=False)
