"""What is wrong with a GPU, and the states that a GPU can be in: the words that readings, Xids and probes share."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of a GPU.

    Attributes:
        OK: it answers, and nothing is known against it.
        DEGRADED: it serves work, but less than it should, or at a risk.
        UNHEALTHY: it answers, and must be drained and repaired.
        HUNG: a call to it has not returned.
        LOST: the driver cannot reach it.
        RECOVERING: it was hung, lost or unhealthy, serves work again, and must stay well for a while.
        UNKNOWN: nobody knows.
    """

    OK = "ok"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    HUNG = "hung"
    LOST = "lost"
    RECOVERING = "recovering"
    UNKNOWN = "unknown"

    @property
    def answers(self) -> bool:
        """Whether a GPU in this state can be read."""
        return self not in (State.HUNG, State.LOST, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a GPU, from when it was found until it is cleared.

    Attributes:
        cause: a word, such as `row_remap_pending`.
        state: what it makes of the GPU by itself; `OK` is worth saying and no more.
        since: when it was found, seconds since 1970.
        text: the same for a person, with the figures that matter.
    """

    cause: str
    state: State
    since: float
    text: str
