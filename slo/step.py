"""One step of an error-budget policy."""

from dataclasses import dataclass
from enum import StrEnum


class Wakes(StrEnum):
    """Whom it wakes."""

    PAGE = "page"
    TICKET = "ticket"
    NOBODY = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done when so much is left.

    Attributes:
        remaining: the share of the budget: 1 is all, 0 none.
        action: what is done, in words.
    """

    remaining: float
    wakes: Wakes
    action: str

    @property
    def percent(self) -> str:
        return f"{self.remaining * 100:.10g}"
