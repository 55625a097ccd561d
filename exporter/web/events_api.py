"""`/api/v1/events` without HTTP: parameters in, JSON-able answer out.

GET /api/v1/events?from=-24h&uuid=GPU-1&kind=xid,gpu_lost&limit=50&before=CURSOR
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from catalog.errors import HistoryError
from catalog.event import EventKind
from history.events import EventLog, Wanted
from history.when import point

_PARAMETERS = ("from", "to", "uuid", "kind", "limit", "before")
_MOST = 1000


def answer(query: Mapping[str, str], events: EventLog, now: float) -> dict[str, Any]:
    """One page of events, newest first; `next` is the `before` of the page after.

    Raises:
        HistoryError: the request is wrong; the message says what to change.
    """
    for name in query:
        if name not in _PARAMETERS:
            raise HistoryError(
                f"there is no parameter {name!r}; there are {', '.join(_PARAMETERS)}"
            )
    page = events.query(
        Wanted(
            start=point(query["from"], now) if "from" in query else 0.0,
            end=point(query["to"], now) if "to" in query else float("inf"),
            uuid=query.get("uuid"),
            kinds=_kinds(query["kind"]) if "kind" in query else None,
            limit=_limit(query.get("limit", "100")),
            before=query.get("before", ""),
        )
    )
    return {"events": [asdict(event) for event in page.events], "next": page.next}


def _kinds(text: str) -> tuple[EventKind, ...]:
    try:
        return tuple(EventKind(name) for name in text.split(","))
    except ValueError as error:
        raise HistoryError(f"kind: {error}; there are {', '.join(EventKind)}") from None


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise HistoryError(f"limit: {text!r} is not a number from 1 to {_MOST}")
    return int(text)
