"""What is remembered of counts is what would be read again."""

import math
from array import array
from collections.abc import Sequence

import pytest

from catalog.promql.expr import Foreign
from history.counted import Asked, Found, Gains, Refused, Steps
from history.remembered import RememberedCounting

WIDTH = 300


class Numbered:
    """A history in which each step of a group gained its number; it notes how many steps it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.groups = {"a": 0.0}
        self.refusing = False

    def until(self, at: float) -> float:
        return at

    def count(self, asked: Sequence[Asked]) -> Sequence[Found | Refused]:
        self.asked += [one.steps.count for one in asked]
        return [Refused("no") if self.refusing else self._found(one.steps) for one in asked]

    def _found(self, steps: Steps) -> Found:
        ends = [steps.ended(number) for number in range(steps.count)]
        return {
            (name,): array("d", [end if end > since else math.nan for end in ends])
            for name, since in self.groups.items()
            if ends[-1] > since
        }


def gains(end: float, count: int = 10) -> Gains:
    steps = Steps(end=end, width=WIDTH, count=count)
    return Gains(counter=Foreign("requests_total"), by=("cluster",), steps=steps)


@pytest.fixture
def numbered() -> Numbered:
    return Numbered()


@pytest.mark.parametrize(
    "ends", [(5000, 5300, 5900), (5000, 5000), (5000, 9800), (5000, 4700), (5000, 5150)]
)
def test_it_answers_as_without_memory(numbered: Numbered, ends: tuple[int, ...]) -> None:
    """Whatever times follow each other."""
    remembered = RememberedCounting(numbered)

    for end in ends:
        assert remembered.count([gains(end)]) == Numbered().count([gains(end)])


def test_only_what_is_new_is_read(numbered: Numbered) -> None:
    """And ten minutes before it, of which a minute may have come late."""
    remembered = RememberedCounting(numbered)

    for end in (30_000, 30_300, 30_900):
        remembered.count([gains(end, 50)])
    remembered.forget()
    remembered.count([gains(31_200, 50)])

    assert numbered.asked == [50, 3, 4, 50]


def test_a_group_that_comes_has_no_past_and_one_that_went_is_forgotten(numbered: Numbered) -> None:
    """As it would be read."""
    remembered = RememberedCounting(numbered)
    remembered.count([gains(3000)])
    numbered.groups = {"b": 3000.0}
    for end in range(3300, 6600, 300):
        remembered.count([gains(end)])

    (found,) = remembered.count([gains(6600)])
    assert not isinstance(found, Refused)
    assert found.keys() == {("b",)}
    assert [found] == numbered.count([gains(6600)])


def test_a_refusal_is_not_remembered(numbered: Numbered) -> None:
    """It may be answered the next time."""
    remembered = RememberedCounting(numbered)
    numbered.refusing = True
    (refused,) = remembered.count([gains(3000)])
    numbered.refusing = False

    assert isinstance(refused, Refused)
    assert remembered.count([gains(5000)]) == Numbered().count([gains(5000)])
