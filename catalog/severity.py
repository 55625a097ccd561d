"""How much something matters to whoever looks at the page."""

from enum import StrEnum


class Severity(StrEnum):
    """From nothing to do, to somebody is woken."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
