"""One log line per event, so that the journal of an incident tells what happened."""

import logging

from catalog.event import Event, Severity

logger = logging.getLogger(__name__)

_LEVELS = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.CRITICAL: logging.ERROR,
}


def log(event: Event) -> None:
    """Log *event* under its kind; whom it concerns and what it says are fields."""
    fields: dict[str, object] = {"text": event.message}
    if event.uuid:
        fields["uuid"] = event.uuid
    if event.code is not None:
        fields["code"] = event.code
    logger.log(_LEVELS[event.severity], "event.%s", event.kind.value, extra=fields)
