"""What happened, kept for 90 days, read newest first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.errors import HistoryError
from catalog.event import Event, EventKind, Severity
from history.database import Database

_DAY = 86_400
_CURSOR = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?_[0-9]{1,18}\Z")
_INSERT = """
INSERT INTO event (at, uuid, kind, severity, code, message)
VALUES (:at, :uuid, :kind, :severity, :code, :message)
"""
_SELECT = """
SELECT id, at, uuid, kind, severity, code, message FROM event
WHERE at >= :start AND at < :end AND (at, id) < (:before_at, :before_id)
    AND (:uuid IS NULL OR uuid = :uuid)
    AND (:kinds IS NULL OR instr(:kinds, ',' || kind || ','))
ORDER BY at DESC, id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events.

    Attributes:
        start: seconds since 1970.
        end: seconds since 1970, excluded.
        uuid: only this GPU's; None is all, empty the node's own.
        kinds: only these; None is all.
        limit: how many one page holds.
        before: `Page.next` of the page before; empty is the newest.
    """

    start: float = 0.0
    end: float = float("inf")
    uuid: str | None = None
    kinds: tuple[EventKind, ...] | None = None
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
    """The events of a node."""

    def __init__(self, database: Database, *, days: int = 90) -> None:
        self._database = database
        self._days = days

    def append(self, events: Iterable[Event]) -> None:
        rows = [
            {
                "at": event.at,
                "uuid": event.uuid,
                "kind": event.kind.value,
                "severity": event.severity.value,
                "code": event.code,
                "message": event.message,
            }
            for event in events
        ]
        with self._database.transaction() as connection:
            connection.executemany(_INSERT, rows)

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
            "kinds": None if wanted.kinds is None else f",{','.join(wanted.kinds)},",
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
        """Forget what is older than the retention; once an hour is enough."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM event WHERE at < ?", (now - self._days * _DAY,))


def _position(cursor: str) -> tuple[float, int]:
    if not cursor:
        return float("inf"), 0
    if not _CURSOR.match(cursor):
        raise HistoryError(f"{cursor!r} is not the cursor of a page of events")
    at, _, number = cursor.partition("_")
    return float(at), int(number)


def _event(row: tuple[float, str, str, str, int | None, str]) -> Event:
    at, uuid, kind, severity, code, message = row
    return Event(
        at=at,
        uuid=uuid,
        kind=EventKind(kind),
        severity=Severity(severity),
        code=code,
        message=message,
    )
