"""The audit log: who changed, broke or was refused what, as JSON lines that only this user may read."""

import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

logger = logging.getLogger(__name__)

FILE = "audit.jsonl"
_FULL = 10 * 1024 * 1024
"""Bytes after which a new file begins; the one before is kept as `.1`."""
_LONGEST = 500
"""Characters of any one value: much of what is written here was chosen by a stranger."""


class What(StrEnum):
    """What is written down."""

    CONFIGURATION = "configuration"
    FAULT_INJECTION = "fault_injection"
    REQUEST = "request"


class Outcome(StrEnum):
    """What became of it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Audit:
    """Appends to `audit.jsonl` in a folder. That it cannot is logged and stops nothing."""

    def __init__(self, folder: Path, clock: Callable[[], float], full: int = _FULL) -> None:
        self._file = folder / FILE
        self._clock = clock
        self._full = full

    def write(self, what: What, outcome: Outcome, *, who: str, **details: str) -> None:
        """One line, with the time of now."""
        entry = {
            "time": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "who": who,
            "what": what,
            "outcome": outcome,
            **details,
        }
        line = json.dumps({key: value[:_LONGEST] for key, value in entry.items()}) + "\n"
        try:
            self._append(line.encode())
        except OSError as error:
            logger.error("audit.failed", extra={"error": str(error)})

    def _append(self, line: bytes) -> None:
        descriptor = os.open(
            self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, mode=0o600
        )
        try:
            os.fchmod(descriptor, 0o600)
            os.write(descriptor, line)
            full = os.fstat(descriptor).st_size >= self._full
        finally:
            os.close(descriptor)
        if full:
            self._file.replace(self._file.with_name(f"{FILE}.1"))
