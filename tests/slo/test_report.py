"""A month that is made, so that what a report must say of it is known."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import msgspec
import pytest

from catalog.errors import ConfigError
from history.counted import Asked
from slo.exclusion import Correction, Dates, Exclusion
from slo.month import Month
from slo.objective import SilentBudget
from slo.report import report
from slo.report_markdown import markdown
from slo.report_schema import Report
from tests.slo.made import OBJECTIVE, RATE, Bad, Made

HOUR, DAY = 3600, 86_400


def at(day: int, hour: float = 0) -> float:
    return datetime(2026, 10, day, tzinfo=UTC).timestamp() + hour * HOUR


OCTOBER = Month.named("2026-10", "UTC")
NOVEMBER = datetime(2026, 11, 5, tzinfo=UTC).timestamp()
SMALL, LARGE = (at(3, 10), at(3, 11), 0.1), (at(9, 10), at(9, 12), 1.0)


@cache
def told(now: float = NOVEMBER, month: Month = OCTOBER) -> Report:
    return report([OBJECTIVE], month, now, Made(a=[SMALL, LARGE], b=[]))


def test_a_month_is_told_by_group() -> None:
    """SLI, the budget that was spent, the worst days and the pages."""
    (objective,) = told().objectives
    a, b = objective.groups
    hours = 0.1 + 2
    assert a.labels == {"cluster": "a"}
    assert a.sli == pytest.approx(1 - hours / (31 * 24))
    assert a.budget_spent == pytest.approx(hours / (31 * 24) / 0.001)
    assert (a.met, b.met) == (False, True)
    assert [day.date for day in a.worst_days] == ["2026-10-09", "2026-10-03"]
    assert sum(day.budget_spent for day in a.worst_days) == pytest.approx(a.budget_spent)
    assert [page.began for page in a.pages] == ["2026-10-03T10:11:00Z", "2026-10-09T10:03:00Z"]
    assert (b.worst_days, b.pages, b.budget_spent, b.coverage) == ([], [], 0, 1)


def test_what_happened_before_the_month_is_not_in_it() -> None:
    """Nor is what happened after it."""
    september = report(
        [OBJECTIVE], Month.named("2026-09", "UTC"), NOVEMBER, Made(a=[SMALL, LARGE])
    )

    (group,) = september.objectives[0].groups
    assert (group.bad_events, group.pages, group.met) == (0, [], True)


def test_a_month_that_is_not_over_is_told_as_far_as_it_has_passed() -> None:
    """It says until when."""
    found = told(now=at(4, 12.26))

    (group, _) = found.objectives[0].groups
    assert (found.complete, found.until) == (False, "2026-10-04T12:15:00Z")
    assert group.coverage == 1
    assert group.sli == pytest.approx(1 - 0.1 / (3 * 24 + 12.25))


def test_days_are_those_of_the_zone() -> None:
    """In Berlin October has an hour more, and 22:30 UTC is the next day."""
    late = (at(9, 22.5), at(9, 23.5), 0.5)
    berlin = Month.named("2026-10", "Europe/Berlin")
    (group,) = report([OBJECTIVE], berlin, NOVEMBER, Made(a=[late])).objectives[0].groups

    assert [day.date for day in group.worst_days] == ["2026-10-10"]
    assert berlin.end - berlin.start == 31 * DAY + HOUR
    assert group.events == pytest.approx((31 * 24 + 1) * 60 * RATE)


def test_silence_that_costs_is_in_the_report() -> None:
    """A group that fell silent on the 31st loses a day of its budget, if silence counts as bad."""

    class Silent(Made):
        def minutes(self, asked: Asked, bad: Sequence[Bad]) -> "array[float]":
            whole = super().minutes(asked, bad)
            first = round((at(31) - asked.steps.start) / 60)
            return whole[:first] + array("d", [math.nan]) * (len(whole) - first)

    costly = replace(OBJECTIVE, silent_budget=SilentBudget.BAD)
    spent = [
        report([one], OCTOBER, NOVEMBER, Silent(a=[])).objectives[0].groups[0]
        for one in (OBJECTIVE, costly)
    ]

    assert [group.coverage for group in spent] == [pytest.approx(30 / 31)] * 2
    assert spent[0].bad_events == 0
    assert spent[1].bad_events == pytest.approx(RATE * 24 * 60, rel=0.01)


def test_what_does_not_count_is_shown_before_and_after() -> None:
    """The outage of the 9th was announced; of the errors of the 3rd a person took all but one away."""
    announced = Exclusion(
        reason="power works", when=Dates(start=at(9, 9.5), end=at(9, 12.5)), author="ops"
    )
    corrected = Correction(
        at=at(3, 10), group=("a",), total=0, bad=1 - RATE * 6.0, reason="a load test", author="ops"
    )
    changed = replace(OBJECTIVE, exclusions=(announced,), corrections=(corrected,))

    found = report([changed], OCTOBER, NOVEMBER, Made(a=[SMALL, LARGE]))

    (objective,) = found.objectives
    (group,) = objective.groups
    assert (group.bad_events, group.met, group.coverage) == (1, True, 1)
    assert group.measured is not None
    assert group.measured.bad_events == RATE * (6 + 120)
    assert group.measured.excluded_seconds == objective.exclusions[0].seconds == 3 * HOUR
    assert [page.began for page in group.pages] == ["2026-10-03T10:11:00Z"]
    assert objective.corrections[0].bad_events == 1 - RATE * 6
    assert "- availability: 180 minutes, power works, ops" in markdown(found)
    assert "- availability (cluster a): 282.3 % of the budget would have been" in markdown(found)


def test_the_json_is_the_schema_and_nothing_else() -> None:
    """What a strict reader of version 1 reads back is the same."""
    text = msgspec.json.encode(told())

    assert msgspec.json.decode(text, type=Report) == told()
    assert msgspec.json.decode(text)["schema"] == "gpuvitals.dev/slo-report/v1"


def test_the_markdown_is_a_table_with_the_pages_below() -> None:
    """For people."""
    text = markdown(told())

    assert text.startswith("# Objectives in 2026-10 (UTC)\n")
    assert (
        "| availability (cluster b) | 99.9 % | 100.0000 % | yes | 0.0 % | 0 | - | 100.0 % |"
        in text
    )
    assert "- availability (cluster a): 2026-10-09T10:03:00Z to " in text


@pytest.mark.parametrize(
    ("month", "zone", "complaint"),
    [
        ("2026-13", "UTC", "'2026-13' is no month; write it as 2026-10"),
        ("October", "UTC", "'October' is no month"),
        ("2026-10", "Berlin", "there is no time zone 'Berlin' here; expected an IANA name"),
        ("2026-10", "../etc", "there is no time zone"),
    ],
)
def test_what_is_no_month_is_said(month: str, zone: str, complaint: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigError, match=complaint):
        Month.named(month, zone)


def test_a_month_that_has_not_begun_is_refused() -> None:
    """There is nothing to tell."""
    with pytest.raises(ConfigError, match="2026-12 has not begun"):
        told(month=Month.named("2026-12", "UTC"))
