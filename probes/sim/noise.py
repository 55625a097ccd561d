"""Chance without state: the same place always draws the same number, so any moment can be asked in any order."""

_MASK = 2**64 - 1


def mix(number: int) -> int:
    """SplitMix64's step (https://prng.di.unimi.it/splitmix64.c): 64 bits in, 64 unrelated bits out."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


class Noise:
    """A sequence of numbers that belongs to *keys*: 64 bits, or uniform in [0, 1)."""

    __slots__ = ("_key",)

    def __init__(self, *keys: int) -> None:
        self._key = 0
        for key in keys:
            self._key = mix(self._key ^ mix(key & _MASK))

    def bits(self, place: int) -> int:
        return mix((self._key + place) & _MASK)

    def at(self, place: int) -> float:
        return (self.bits(place) >> 11) / 2**53  # all that fits into a float below 1

    def smooth(self, moment: float, period: float) -> float:
        """Like `at` one *period* apart, with straight lines between."""
        place, part = divmod(moment, period)
        before, after = self.at(int(place)), self.at(int(place) + 1)
        return before + (after - before) * part / period
