"""How long the parts of a run take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds by part; a part may be entered more than once.

    Args:
        clock: seconds that pass on the host.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens in here as *name*."""
        began = self._clock()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._clock() - began

    def so_far(self) -> float:
        """Seconds since it was started."""
        return self._clock() - self._began
