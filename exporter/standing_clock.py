"""A clock for time that is played: into a history, or on the nodes of a fleet."""

from dataclasses import dataclass


@dataclass(slots=True)
class StandingClock:
    """A clock that stands where it is put."""

    now: float

    def __call__(self) -> float:
        return self.now
