"""What holds of our rules whatever the counters do; hypothesis makes the counters, promtool evaluates the rules.

A call of promtool costs its start, so each example is a group of services. `make fuzz` tries many more.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.promql.expr import Foreign
from catalog.rules.files import plain
from catalog.rules.rule import Alert, Group, Record
from slo import names, sloth
from slo.calendar import Calendar, Unit
from slo.detection import detections
from slo.exclusion import Dates, Exclusion
from slo.indicator import Ratio
from slo.objective import Objective, SilentBudget
from slo.rules import groups
from tests.slo.counters import MINUTES, Spell, scraped, spells, written
from tests.slo.promtool import Asked, Case, complaint

pytestmark = pytest.mark.tools

thorough = settings().max_examples > 100
"""`--hypothesis-profile=thorough`."""
examples = settings(
    max_examples=200 if thorough else 2,
    derandomize=not thorough,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
BY = ("case", "more")
END = f"{MINUTES}m"
ERRORS = Objective(
    name="errors",
    service="any",
    indicator=Ratio(total=Foreign("events_total"), bad=Foreign("errors_total")),
    target=0.999,
    by=BY,
    members=(("0", "no"), ("never", "seen")),
    silent_budget=SilentBudget.BAD,
)
GOOD = Objective(
    name="good",
    service="any",
    indicator=Ratio(total=Foreign("events_total"), good=Foreign("errors_total")),
    target=0.5,
    by=BY,
)
START = datetime(2026, 2, 28, 20, tzinfo=UTC)
"""Three hours before the month ends in Berlin."""
_MORNING = START.timestamp() + 3600
MONTH = replace(
    GOOD,
    name="month",
    calendar=Calendar(first=datetime(2026, 1, 1), zone="Europe/Berlin", unit=Unit.MONTH),  # noqa: DTZ001 - the wall's clock
    exclusions=(
        Exclusion(reason="works", when=Dates(start=_MORNING, end=_MORNING + 7200)),
        Exclusion(
            reason="all", when=Dates(start=_MORNING, end=_MORNING + 9e4), where={"case": "1"}
        ),
    ),
)
Check = Callable[..., str]


@pytest.fixture
def check(tool: Callable[[str], Path], tmp_path: Path) -> Check:
    """What promtool finds wrong."""

    def run(found: Sequence[Group], case: Case, every: str = "5m") -> str:
        file = tmp_path / "rules.yml"
        file.write_text(plain(found, "gpuvitals", "us"), encoding="utf-8")
        return complaint(tool("promtool"), [file], [case], every)

    return run


def series(lives: Sequence[Sequence[Spell]], more: int = 0) -> dict[str, str]:
    """What each service counted, and what it would have with *more* errors a minute."""
    found = {}
    for number, life in enumerate(lives):
        for label, extra in (("no", 0), ("yes", more)):
            if extra or label == "no":
                events, errors = scraped(life, extra)
                labels = f'{{case="{number}",more="{label}"}}'
                found[f"events_total{labels}"] = written(events)
                found[f"errors_total{labels}"] = written(errors)
    return found


def recorded(found: Sequence[Group]) -> list[str]:
    return sorted({rule.name for rule in rules_of(found) if isinstance(rule, Record)})


def needed(found: Sequence[Group], name: str) -> list[Group]:
    """The rules that the series *name* is made from, and those of the alerts that read nothing else."""
    texts = {rule.name: rule.expr.text("") for rule in rules_of(found) if isinstance(rule, Record)}
    wanted, due = {name}, [name]
    while due:
        text = texts[due.pop()]
        new = {other for other in texts if re.search(rf"{other}\b", text)} - wanted
        wanted |= new
        due += new
    return [
        replace(group, rules=tuple(rule for rule in group.rules if _reads(rule, wanted, name)))
        for group in found
    ]


def _reads(rule: Record | Alert, wanted: set[str], name: str) -> bool:
    return rule.name in wanted if isinstance(rule, Record) else name in rule.expr.text("")


def rules_of(found: Sequence[Group]) -> Iterator[Record | Alert]:
    return (rule for group in found for rule in group.rules)


@given(st.lists(spells(), min_size=12, max_size=12))
@examples
def test_nothing_recorded_is_ever_nan_or_infinite(check: Check, lives: list[list[Spell]]) -> None:
    """In no series, at no evaluation: a sum over all of them would show it."""
    found = [*sloth.groups(ERRORS), *groups(GOOD), *groups(MONTH)]
    asked: list[Asked] = [
        (f"(sum(sum_over_time({name}[2d])) * 0) or vector(0)", END, 0) for name in recorded(found)
    ]

    ordinary = Spell(minutes=MINUTES, events=100, errors=1, seen=True, restart=False)
    last = f'{names.BUDGET_REMAINING}{{case="{len(lives)}"}}'
    asked.append((f"count({last})", END, 3))  # of each objective: nothing at all is no NaN either
    case = Case(series=series([*lives, [ordinary]]), asked=asked, start=START.isoformat())
    wrong = check(found, case)
    assert not wrong, wrong


@given(st.lists(spells(), min_size=12, max_size=12), st.integers(1, 1000))
@examples
def test_more_errors_never_leave_more_budget(
    check: Check, lives: list[list[Spell]], more: int
) -> None:
    """At no evaluation has a service more left than the same service with fewer errors."""
    left = 'slo:error_budget:remaining_ratio{slo="errors",more="%s"}'
    gained = f"{left % 'yes'} - on (case) {left % 'no'}"
    # Budgets are as large as their errors: the tolerance is relative.
    most = f"max(max_over_time(({gained} - 1e-9 * abs({left % 'no'}))[{END}:5m])) > bool 1e-9"
    asked: list[Asked] = [(f"({most}) or vector(0)", END, 0)]

    found = needed(groups(replace(ERRORS, members=())), names.BUDGET_REMAINING)
    wrong = check(found, Case(series=series(lives, more), asked=asked))
    assert not wrong, wrong


_OUTAGE, _OVER = 60, 180
"""Minutes: when everything begins to fail, and when it ends."""
_SEEN = 120
"""Seconds until a scrape and then an evaluation, each a minute apart, have noticed something."""
targets = st.one_of(
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.integers(1, 14).map(lambda nines: 1 - 10.0**-nines),
    st.sampled_from((0.9, 0.9306, 0.93, 0.95, 0.99, 0.999)),
)


def promises(wanted: Sequence[float]) -> Iterator[Objective]:
    for number, target in enumerate(wanted):
        yield Objective(
            name=f"t{number}",
            service="any",
            indicator=Ratio(total=Foreign("events_total"), bad=Foreign("errors_total")),
            target=target,
        )


def at(minute: int, seconds: float) -> str:
    return f"{minute * 60 + math.ceil(seconds)}s"


@given(st.lists(targets, min_size=8, max_size=8, unique=True))
@examples
def test_a_total_outage_pages_in_the_time_that_is_said(check: Check, wanted: list[float]) -> None:
    """At any legal target, and the page ends in the time that is said too."""
    asked: list[Asked] = []
    found: list[Group] = []
    for objective in promises(wanted):
        fast = detections(objective)[0]
        paged = fast.seconds[0]
        assert paged is not None
        found += needed(groups(objective), names.burning(fast.tier.name))
        page = f'ALERTS{{slo="{objective.name}",slo_tier="{fast.tier.name}",alertstate="firing"}}'
        asked += [
            (page, at(_OUTAGE, 0), None),
            (page, at(_OUTAGE, paged + _SEEN), 1),
            (page, at(_OVER, fast.reset_seconds + _SEEN), None),
        ]
    rate = 600
    values = {
        "events_total": f"0+{rate}x{_OVER + 60}",
        "errors_total": f"0x{_OUTAGE} {rate}+{rate}x{_OVER - _OUTAGE - 1} "
        f"{(_OVER - _OUTAGE) * rate}x60",
    }

    wrong = check(found, Case(series=values, asked=asked), "1m")
    assert not wrong, wrong
