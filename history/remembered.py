"""Counts that are asked again and again for times that move on: only what is new is read, the rest is remembered."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

from history.counted import Asked, Counting, Found, Gains, Group, Refused, Steps

_AGAIN = 600
"""Seconds at the end that are read again: a minute may come late."""


@dataclass(frozen=True, slots=True)
class _Known:
    steps: Steps
    found: Found


class RememberedCounting:
    """A `history.counted.Counting` that answers as *counting* does; one thread at a time may ask it."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting
        self._known: dict[tuple[object, ...], _Known] = {}

    def until(self, at: float) -> float:
        return self._counting.until(at)

    def forget(self) -> None:
        """Give the memory back."""
        self._known.clear()

    def count(self, asked: Sequence[Asked]) -> Sequence[Found | Refused]:
        answers = self._counting.count([replace(one, steps=self._missing(one)) for one in asked])
        return [
            answer if isinstance(answer, Refused) else self._joined(one, answer)
            for one, answer in zip(asked, answers, strict=True)
        ]

    def _missing(self, asked: Asked) -> Steps:
        """The last steps, which are not known yet; all of them if what is known is of other times."""
        known, steps = self._known.get(_key(asked)), asked.steps
        if known is None:
            return steps
        shift = (steps.end - known.steps.end) / steps.width
        count = int(shift) + _AGAIN // steps.width
        fits = shift >= 0 and shift == int(shift) and count < steps.count
        return Steps(end=steps.end, width=steps.width, count=count) if fits else steps

    def _joined(self, asked: Asked, new: Found) -> Found:
        before, fresh = self._known.get(_key(asked)), self._missing(asked)
        found = new
        if before is not None and fresh.count < asked.steps.count:
            unknown = array("d", [math.nan])
            shift = round((asked.steps.end - before.steps.end) / asked.steps.width)
            joined: dict[Group, array[float]] = {}
            for group in dict.fromkeys((*before.found, *new)):
                old = before.found.get(group, unknown * asked.steps.count)
                kept = old[shift : shift + asked.steps.count - fresh.count]
                joined[group] = kept + new.get(group, unknown * fresh.count)
            found = {
                group: line for group, line in joined.items() if not all(map(math.isnan, line))
            }
        self._known[_key(asked)] = _Known(asked.steps, found)
        return found


def _key(asked: Asked) -> tuple[object, ...]:
    expr = asked.counter if isinstance(asked, Gains) else asked.expr
    return type(asked), expr.text(""), asked.by, asked.steps.width, asked.steps.count
