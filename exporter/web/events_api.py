"""`/api/v1/events` without HTTP: parameters in, JSON-able answer out.

GET /api/v1/events?from=-24h&uuid=GPU-1&kind=xid,gpu_lost&severity=critical&code=79&text=fallen&limit=50&before=CURSOR
"""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from catalog.errors import HistoryError
from catalog.event import EventKind, Severity
from catalog.suggest import meant
from exporter.web.parameters import check
from history.events import EventLog, Wanted
from history.when import point

_PARAMETERS = (
    "from",
    "to",
    "uuid",
    "gpu",
    "kind",
    "severity",
    "code",
    "text",
    "limit",
    "before",
)
_MOST = 1000
_LIMIT = re.compile(r"[0-9]{1,4}\Z")
_CODE = re.compile(r"[0-9]{1,9}\Z")

Word = TypeVar("Word", EventKind, Severity)


def answer(
    query: Mapping[str, str], events: EventLog, now: float, gpus: Mapping[int, str]
) -> dict[str, Any]:
    """One page of events, newest first; `next` is the `before` of the page after.

    Args:
        query: the parameters of the request.
        events: where to look.
        now: seconds since 1970.
        gpus: the UUIDs of the GPUs by their index now.

    Raises:
        HistoryError: the request is wrong; the message says what to change.
    """
    check(query, _PARAMETERS)
    start = point(query["from"], now) if "from" in query else 0.0
    end = point(query["to"], now) if "to" in query else float("inf")
    if start > end:
        raise HistoryError(
            f"from: {query['from']} is after to: {query.get('to', 'now')}; exchange them"
        )
    page = events.query(
        Wanted(
            start=start,
            end=end,
            uuid=_gpu(query["gpu"], gpus) if "gpu" in query else query.get("uuid"),
            kinds=_words(query, "kind", EventKind),
            severities=_words(query, "severity", Severity),
            codes=_codes(query["code"]) if "code" in query else None,
            text=query.get("text", ""),
            limit=_limit(query.get("limit", "100")),
            before=query.get("before", ""),
        )
    )
    return {"events": [asdict(event) for event in page.events], "next": page.next}


def _words(query: Mapping[str, str], name: str, known: type[Word]) -> tuple[Word, ...] | None:
    if name not in query:
        return None
    wanted = query[name].split(",")
    for word in wanted:
        if word not in tuple(known):
            every = f"there are {', '.join(known)}"
            raise HistoryError(f"{name}: there is no {word!r}; {meant(word, known, every)}")
    return tuple(map(known, wanted))


def _codes(text: str) -> tuple[int, ...]:
    codes = text.split(",")
    for code in codes:
        if not _CODE.match(code):
            raise HistoryError(f"code: {code!r} is no Xid or SXid; write numbers such as 79,119")
    return tuple(map(int, codes))


def _gpu(text: str, gpus: Mapping[int, str]) -> str:
    uuid = gpus.get(int(text)) if _CODE.match(text) else None
    if uuid is None:
        known = ", ".join(map(str, gpus)) or "none"
        raise HistoryError(
            f"gpu: there is no GPU {text!r} now; there are {known}. A lost one is found by uuid"
        )
    return uuid


def _limit(text: str) -> int:
    if not _LIMIT.match(text) or not 1 <= int(text) <= _MOST:
        raise HistoryError(f"limit: {text!r} is not a number from 1 to {_MOST}")
    return int(text)
