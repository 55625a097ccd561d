"""What a command gets from outside: the environment and the clock. Tests hand in their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that is not an argument."""

    environ: Mapping[str, str]
    clock: Callable[[], float]
