"""What an objective's events come to, step by step: the same tiles as its rules record, from any history."""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from history.counted import Asked, Counting, Found, Gains, Group, Refused, Steps, Values
from slo.indicator import Ratio, Slices
from slo.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """All events of one group, or a part of one, and the bad ones, per step; NaN where nothing is known."""

    group: Group
    steps: Steps
    total: "array[float]"
    bad: "array[float]"


class Sums:
    """Sums of any run of steps in no time; what is not known counts 0."""

    def __init__(self, values: Iterable[float]) -> None:
        known = (0.0 if math.isnan(value) else value for value in values)
        self._until = array("d", accumulate(known, initial=0.0))

    def over(self, count: int, last: int) -> float:
        """Of the *count* steps of which number *last* is the last."""
        return self._until[last + 1] - self._until[max(last + 1 - count, 0)]


def tallies(
    objectives: Sequence[Objective], steps: Mapping[str, Steps], counting: Counting
) -> Iterator[tuple[Objective, tuple[Tally, ...] | Refused]]:
    """The tallies of each objective over the steps that stand under its name, asked of *counting* at once.

    Raises:
        HistoryError: it cannot be asked at all.
    """
    asked = [tuple(questions(one, steps[one.name])) for one in objectives]
    answers = iter(counting.count([question for questions_ in asked for question in questions_]))
    for objective, questions_ in zip(objectives, asked, strict=True):
        found = [next(answers) for _ in questions_]
        refused = next((one for one in found if isinstance(one, Refused)), None)
        known = [one for one in found if not isinstance(one, Refused)]
        yield objective, refused or tuple(_tallied(objective, steps[objective.name], known))


def questions(objective: Objective, steps: Steps) -> Iterator[Asked]:
    """What has to be known of *objective*: all events first, then the bad or the good ones; of slices, how good each was."""
    indicator, by = objective.indicator, objective.parts
    if isinstance(indicator, Slices):
        yield Values(expr=indicator.good, by=by, steps=steps.finer(indicator.every))
        return
    yield Gains(counter=indicator.total, by=by, steps=steps)
    part = indicator.good if indicator.bad is None else indicator.bad
    assert part is not None  # noqa: S101 - Ratio holds one of the two
    yield Gains(counter=part, by=by, steps=steps)


def _tallied(objective: Objective, steps: Steps, found: Sequence[Found]) -> Iterator[Tally]:
    """One per group that was seen or is listed."""
    unknown = array("d", [math.nan])
    for group in dict.fromkeys((*objective.members, *found[0])):
        if isinstance(objective.indicator, Ratio):
            total = found[0].get(group, unknown * steps.count)
            part = found[1].get(group, unknown * steps.count)
            if objective.indicator.of_bucket:
                total = _where(part, total)
            bad = _bad(total, part, good=objective.indicator.bad is None)
        else:
            fine = steps.finer(objective.indicator.every)
            values = found[0].get(group, unknown * fine.count)
            total, bad = _of_slices(values, fine.count // steps.count)
        yield Tally(group=group, steps=steps, total=total, bad=bad)


def _bad(total: "array[float]", part: "array[float]", *, good: bool) -> "array[float]":
    """A counter of errors that never happened does not exist: as long as there are events, its count is 0."""
    counted = (0.0 if math.isnan(one) else one for one in part)
    if good:
        return array(
            "d",
            [
                math.nan if math.isnan(all_) else max(all_ - one, 0.0)
                for all_, one in zip(total, counted, strict=True)
            ],
        )
    return array(
        "d",
        [math.nan if math.isnan(all_) else one for all_, one in zip(total, counted, strict=True)],
    )


def _where(known: "array[float]", values: "array[float]") -> "array[float]":
    """Without the bucket nobody knows how quick the events were: all of them would look slow."""
    pairs = zip(known, values, strict=True)
    return array("d", [math.nan if math.isnan(one) else value for one, value in pairs])


def _of_slices(good: "array[float]", each: int) -> "tuple[array[float], array[float]]":
    total, bad = array("d"), array("d")
    for first in range(0, len(good), each):
        known = [one for one in good[first : first + each] if not math.isnan(one)]
        total.append(len(known) if known else math.nan)
        bad.append(max(len(known) - math.fsum(known), 0.0) if known else math.nan)
    return total, bad


def coarser(tally: Tally, width: int) -> Tally:
    """The same in steps of *width*, a multiple of the present ones, of which there are whole ones."""
    each = width // tally.steps.width
    steps = Steps(end=tally.steps.end, width=width, count=tally.steps.count // each)
    total, bad = (_summed(line, each) for line in (tally.total, tally.bad))
    return Tally(group=tally.group, steps=steps, total=total, bad=bad)


def _summed(line: "array[float]", each: int) -> "array[float]":
    parts = (line[first : first + each] for first in range(0, len(line), each))
    known = ([one for one in part if not math.isnan(one)] for part in parts)
    return array("d", [math.fsum(part) if part else math.nan for part in known])
