"""Samples in promtool's notation, and a history that counts them: the rules and our own arithmetic see the same."""

import math
import re
from array import array
from collections.abc import Mapping, Sequence

from catalog.promql.selector import selected
from history.counted import Asked, Found, Gains, Steps
from tests.slo.reference import Samples

_MINUTE = 60
_TOKEN = re.compile(r"(_|-?[\d.]+)(?:([+-][\d.]+))?(?:x(\d+))?")


def samples(notation: str) -> Samples:
    """A sample a minute: `0+10x5` are six that grow by ten, `_x3` are three that are missing.

    https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
    """
    found: list[float | None] = []
    for token in notation.split():
        match = _TOKEN.fullmatch(token)
        assert match, token
        first, step, times = match[1], float(match[2] or 0), int(match[3] or 0)
        if first == "_":
            found.extend([None] * (times or 1))
        else:
            found.extend(float(first) + step * number for number in range(times + 1))
    return [(number * _MINUTE, value) for number, value in enumerate(found) if value is not None]


class Counted:
    """A `history.counted.Counting` of samples by series.

    Args:
        series: a name and its labels, and the samples.
    """

    def __init__(self, series: Sequence[tuple[Mapping[str, str], Samples]]) -> None:
        self._series = series

    def until(self, at: float) -> float:
        return at

    def count(self, asked: Sequence[Asked]) -> Sequence[Found]:
        return [self._gains(one) for one in asked if isinstance(one, Gains)]

    def _gains(self, asked: Gains) -> Found:
        wanted, found = selected(asked.counter), dict[tuple[str, ...], "array[float]"]()
        for labels, line in self._series:
            if wanted.accepts(labels):
                group = tuple(labels.get(label, "") for label in asked.by)
                row = found.setdefault(group, array("d", [math.nan]) * asked.steps.count)
                _add(row, asked.steps, line)
        return found


def _add(row: "array[float]", steps: Steps, line: Samples) -> None:
    before: float | None = None
    for at, value in line:
        step = math.ceil((at - steps.start) / steps.width) - 1
        if before is not None and 0 <= step < steps.count:
            gain = value - before if value >= before else value
            row[step] = gain + (0.0 if math.isnan(row[step]) else row[step])
        before = value
