"""The running minute of the counters of one layout."""

from collections.abc import Iterator, Mapping, Sequence

from history.minute import CounterMinute, Key


class Counters:
    """Adds up differences between successive readings; a drop means that the counter began at 0 again.

    Without a drop the minute's increase is one subtraction, so sums over minutes telescope exactly.
    """

    __slots__ = ("_base", "_carry", "_counts", "_keys")

    def __init__(
        self, keys: Sequence[Key], first: Sequence[float], before: Mapping[Key, float]
    ) -> None:
        self._keys = keys
        self._counts: Sequence[float] = [
            before.get(key, value) for key, value in zip(keys, first, strict=True)
        ]
        self._base = list(self._counts)
        self._carry = [0.0] * len(keys)

    def read(self, counts: Sequence[float]) -> None:
        for index, (before, count) in enumerate(zip(self._counts, counts, strict=True)):
            if count < before:
                self._carry[index] += before - self._base[index]
                self._base[index] = 0.0
        self._counts = counts

    def close(self, at: int) -> Iterator[CounterMinute]:
        """The minute that started at *at*; a new one begins."""
        for index, key in enumerate(self._keys):
            last = self._counts[index]
            increase = self._carry[index] + (last - self._base[index])
            yield CounterMinute(at=at, key=key, increase=increase, last=last)
        self._base = list(self._counts)
        self._carry = [0.0] * len(self._keys)

    def latest(self) -> Iterator[tuple[Key, float]]:
        """Every counter as it was last read."""
        return zip(self._keys, self._counts, strict=True)
