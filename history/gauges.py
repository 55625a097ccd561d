"""The running minute of the gauges of one layout."""

from collections.abc import Iterator, Sequence

from history.minute import GaugeMinute, Key


class Gauges:
    """Adds up a step function, one held piece at a time.

    Sums are of differences from the minute's first value, so that the mean of a constant is that
    constant to the last bit: constants pack into nothing.
    """

    __slots__ = ("_covered", "_first", "_high", "_keys", "_low", "_weighted", "held")

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys
        self.held: Sequence[float] = ()
        self._covered = 0.0

    def hold(self, seconds: float) -> None:
        """Let the held values count for so many seconds more."""
        if not self._covered:
            self._first = self.held
            self._low = list(self.held)
            self._high = list(self.held)
            self._weighted = [0.0] * len(self.held)
        else:
            self._add(seconds)
        self._covered += seconds

    def _add(self, seconds: float) -> None:
        first, low, high, weighted = self._first, self._low, self._high, self._weighted
        for index, value in enumerate(self.held):
            if value != first[index]:
                weighted[index] += (value - first[index]) * seconds
                if value < low[index]:
                    low[index] = value
                elif value > high[index]:
                    high[index] = value

    def close(self, at: int) -> Iterator[GaugeMinute]:
        """The minute that started at *at*; a new one begins."""
        covered, self._covered = self._covered, 0.0
        if not covered:
            return
        for index, key in enumerate(self._keys):
            low, high = self._low[index], self._high[index]
            mean = self._first[index] + self._weighted[index] / covered
            yield GaugeMinute(
                at=at,
                key=key,
                low=low,
                mean=min(max(mean, low), high),
                high=high,
                last=self.held[index],
                covered=covered,
            )
