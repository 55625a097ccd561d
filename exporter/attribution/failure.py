"""Why a source of attribution could not be read."""

from enum import StrEnum

from catalog.errors import GpuVitalsError


class Reason(StrEnum):
    """The label of the failure's counter."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    DENIED = "no_permission"
    REFUSED = "refused"
    ABSENT = "not_supported"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"


class AttributionError(GpuVitalsError):
    """A source gave nothing; what it said before holds until it is too old."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
