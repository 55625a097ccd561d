"""One tier of one GPU on its way through time: which minutes a reading falls in and holds over."""

import math
from collections.abc import Iterator, Mapping

from catalog.metric import Kind
from catalog.snapshot import Reading
from history.counters import Counters
from history.gauges import Gauges
from history.minute import Key, Minute
from history.question import MINUTE
from history.rhythm import Rhythm


class Track:
    """The readings of one layout of one GPU; each call gives the minutes that it finishes."""

    def __init__(
        self, uuid: str, reading: Reading, before: Mapping[Key, float], rhythm: Rhythm
    ) -> None:
        self.layout = reading.layout  # kept alive: its identity is how the owner finds this track
        keys = {
            index: Key(uuid, metric, labels)
            for index, (metric, labels) in enumerate(self.layout.series)
            if metric.history
        }
        self.keys = frozenset(keys.values())
        self.rhythm = rhythm
        self._gauged = [i for i, key in keys.items() if key.metric.kind is Kind.GAUGE]
        self._counted = [i for i, key in keys.items() if key.metric.kind is Kind.COUNTER]
        self._gauges = Gauges([keys[index] for index in self._gauged])
        first = [reading.values[index] for index in self._counted]
        self._counters = Counters([keys[index] for index in self._counted], first, before)
        self._minute: int | None = None
        self._until = self._limit = -math.inf

    def observe(self, reading: Reading) -> Iterator[Minute]:
        """Take a reading. Its counters belong to the minute it falls in, whole."""
        at, values = reading.at, reading.values
        yield from self.advance(at)
        yield from self._enter(at)
        self._gauges.held = [values[index] for index in self._gauged]
        self._counters.read([values[index] for index in self._counted])
        # A clock that was set back starts over; a reading that comes late covers only what is left.
        self._until = at if at < self.rhythm.last else max(at, self._until)
        self._limit = self.rhythm.beat(at)

    def advance(self, to: float) -> Iterator[Minute]:
        """Let the last reading hold until *to*, as far as it may."""
        end = min(to, self._limit)
        while self._until < end:
            yield from self._enter(self._until)
            stop = min(end, self._until - self._until % MINUTE + MINUTE)
            self._gauges.hold(stop - self._until)
            self._until = stop

    def finish(self, to: float) -> Iterator[Minute]:
        """Let the last reading hold until *to*, and close the minute that began before it."""
        yield from self.advance(to)
        if self._minute is not None and self._minute < to:
            yield from self._close(self._minute)
            self._minute = None

    def stop(self, to: float) -> Iterator[Minute]:
        """Let the last reading hold until *to*, and close the minute under way as far as it got."""
        yield from self.advance(to)
        if self._minute is not None:
            yield from self._close(self._minute)
            self._minute = None

    def counts(self) -> Iterator[tuple[Key, float]]:
        """Every counter as it was last read."""
        return self._counters.latest()

    def _enter(self, at: float) -> Iterator[Minute]:
        minute = int(at // MINUTE) * MINUTE
        if self._minute is not None and self._minute != minute:
            yield from self._close(self._minute)
        self._minute = minute

    def _close(self, minute: int) -> Iterator[Minute]:
        yield from self._gauges.close(minute)
        yield from self._counters.close(minute)
