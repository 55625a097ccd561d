"""What we compute of tiles is what the rules record, evaluated by the real promtool."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.promql.expr import Foreign
from catalog.rules.files import plain
from catalog.rules.rule import Group
from history.counted import Refused
from slo import names
from slo.calendar import Calendar, Unit
from slo.exclusion import Correction, Dates, Exclusion
from slo.indicator import Ratio
from slo.objective import Objective, SilentBudget
from slo.rules import groups
from slo.states import STATES
from slo.status import GroupStatus, computed, steps
from slo.tally import tallies
from tests.slo.expanded import Counted, samples

HOUR = 3600
OBJECTIVE = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.999,
    by=("cluster",),
)
COSTLY = replace(OBJECTIVE, silent_budget=SilentBudget.BAD)
LISTED = replace(COSTLY, members=(("a",), ("b",)))
GOOD = replace(
    OBJECTIVE,
    indicator=Ratio(total=Foreign("requests_total"), good=Foreign('requests_total{code="200"}')),
)
WORKS = Exclusion(reason="works", when=Dates(start=6 * HOUR, end=7 * HOUR))
TEST = Correction(at=4 * HOUR, group=("a",), total=-500, bad=-5, reason="a test", author="us")
CHANGED = replace(OBJECTIVE, exclusions=(WORKS,), corrections=(TEST,))
Past = Mapping[str, str]
"""Samples by code, a minute apart."""
PASTS: Mapping[str, tuple[Objective, Past, int]] = {
    "spent to the last": (OBJECTIVE, {"200": "0+999x500", "500": "0+1x500"}, 8),
    "good instead of bad": (GOOD, {"200": "0+9999x500", "500": "0+1x500"}, 8),
    "outage": (OBJECTIVE, {"200": "0+100x400 40000x100", "500": "0x400 0+100x100"}, 8),
    "burning": (OBJECTIVE, {"200": "0+1000x760 760100+100x80", "500": "0x760 0+2x80"}, 14),
    "idle": (OBJECTIVE, {"200": "0+10x300 3000x400"}, 10),
    "vanished": (OBJECTIVE, {"200": "0+10x600 _x400"}, 12),
    "cold start": (OBJECTIVE, {"200": "_x500 0+10x100"}, 10),
    "restarts": (OBJECTIVE, {"200": "0+10x331 0+10x200"}, 8),
    "a gap": (OBJECTIVE, {"200": "0+10x300 _x40 3400+10x200"}, 9),
    "silence that costs": (COSTLY, {"200": "0+10x600 _x400"}, 12),
    "silence that was paid for": (COSTLY, {"200": "0+10x600 _x30 6300+10x300"}, 15),
    "works and a correction": (
        CHANGED,
        {"200": "0+100x600", "500": "0+1x30 30x330 130+100x60 6130x120"},
        9,
    ),
    "a member that nobody saw": (LISTED, {"200": "0+10x800"}, 12),
}


def computed_of(objective: Objective, past: Past, hour: int) -> tuple[GroupStatus, ...]:
    series = [
        ({"cluster": "a", "code": code}, samples(notation)) for code, notation in past.items()
    ]
    wanted = {objective.name: steps(objective, hour * HOUR)}
    ((_, found),) = tallies([objective], wanted, Counted(series))
    assert not isinstance(found, Refused)
    return computed(objective, found)


def claims(objective: Objective, status: GroupStatus) -> Iterator[tuple[str, float]]:
    """What the rules must have recorded."""
    yield names.total(objective.window), status.events
    yield names.bad(objective.window), status.bad_events
    yield names.BUDGET_REMAINING, status.remaining
    if status.measured:
        yield names.measured(names.total(objective.window)), status.measured.events
        yield names.measured(names.bad(objective.window)), status.measured.bad_events
        yield names.measured(names.BUDGET_REMAINING), status.measured.remaining
    if status.coverage:
        yield names.COVERAGE, status.coverage
    for window in ("1d", "3d") if status.coverage else ():
        yield names.burn(window), status.burn_rates[window]
    if status.state:
        yield names.STATE_CODE, float(STATES.index(status.state))


@pytest.mark.tools
@pytest.mark.parametrize("name", PASTS)
def test_computed_is_what_the_rules_record(
    tool: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    """State, budget, coverage, events and the burn rates of tiles."""
    judge(tool("promtool"), tmp_path, PASTS[name], groups(PASTS[name][0]))


@pytest.mark.tools
def test_the_state_does_not_hang_on_which_group_comes_first(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """A server evaluates groups at once: what tiles record may be five minutes old, and is still there."""
    past = PASTS["burning"]

    judge(tool("promtool"), tmp_path, past, groups(past[0])[::-1], names.STATE_CODE)


def judge(
    promtool: Path,
    folder: Path,
    past: tuple[Objective, Past, int],
    order: Sequence[Group],
    only: str = "",
) -> None:
    """Ask promtool whether the rules, their groups in that *order*, record what we compute, or *only* one series of it."""
    objective, samples_, hour = past
    (folder / "rules.yml").write_text(plain(order, "none", "us"), encoding="utf-8")
    found = computed_of(objective, samples_, hour)
    checks = [
        {
            "expr": f'sum(last_over_time({series}{{cluster="{status.group[0]}"}}[6m]))',
            "eval_time": f"{hour}h",
            "exp_samples": [{"labels": "{}", "value": value}],
        }
        for status in found
        for series, value in claims(objective, status)
        if only in ("", series)
    ]
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "5m",
        "group_eval_order": [group.name for group in order],
        "fuzzy_compare": True,
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f'requests_total{{cluster="a",code="{code}"}}', "values": notation}
                    for code, notation in samples_.items()
                ],
                "promql_expr_test": checks,
            }
        ],
    }
    (folder / "tests.yml").write_text(json.dumps(tests), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", folder / "tests.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(found) == max(len(objective.members), 1)
    assert done.returncode == 0, done.stdout + done.stderr


MONTHLY = replace(
    OBJECTIVE,
    calendar=Calendar(first=datetime(2026, 1, 1), zone="Europe/Berlin", unit=Unit.MONTH),  # noqa: DTZ001 - of the wall
    days=31,
)


def test_a_window_of_the_calendar_is_counted_from_its_begin() -> None:
    """Ten days into October of Berlin nothing of September counts, and the budget is that of 31 days and an hour."""
    october = int(datetime(2026, 9, 30, 22, tzinfo=UTC).timestamp())
    at = october + 10 * 24 * HOUR
    lines = [
        (
            {"cluster": "a", "code": code},
            [(october + 60 * minute, rate * minute) for minute in range(-9000, 14401)],
        )
        for code, rate in (("200", 999.0), ("500", 1.0))
    ]
    wanted = {MONTHLY.name: steps(MONTHLY, at)}
    ((_, found),) = tallies([MONTHLY], wanted, Counted(lines))
    assert not isinstance(found, Refused)

    (status,) = computed(MONTHLY, found)

    assert status.events == pytest.approx(
        1000 * (14400 + 5)
    )  # and of the tile that ended with its begin
    assert status.remaining == pytest.approx(1 - 10 / (31 + 1 / 24), rel=1e-3)
    assert status.coverage == 1
    assert status.exhaustion_seconds is not None
    assert status.exhaustion_seconds <= 31 * 24 * HOUR


def test_before_the_first_window_there_is_nothing_to_tell() -> None:
    """No group has a budget yet."""
    assert computed_of(MONTHLY, {"200": "0+10x600"}, 8) == ()


def state(name: str) -> str | None:
    return computed_of(*PASTS[name])[0].state


def test_each_state_is_reached() -> None:
    """The first that holds."""
    assert state("burning") == "burning"
    assert state("spent to the last") == "exhausted"
    assert state("outage") == "exhausted"
    assert state("idle") == "idle"
    assert state("vanished") == "no_data"
    assert state("cold start") == "warming_up"
    assert state("restarts") == "ok"


def test_a_group_that_nobody_expects_has_no_state() -> None:
    """Two days after its last event its budget is still told."""
    (status,) = computed_of(OBJECTIVE, {"200": "0+10x600", "500": "0+1x600"}, 58)

    assert status.state is None
    assert status.events == 600 * 11
    assert status.sli == pytest.approx(10 / 11)
    assert status.exhaustion_seconds is None


def test_a_group_that_is_excluded_is_not_missed() -> None:
    """It fell silent in its maintenance."""
    past = {"200": "0+10x600 _x100"}
    works = replace(WORKS, when=Dates(start=10 * HOUR, end=12 * HOUR))

    (missed,) = computed_of(OBJECTIVE, past, 11)
    (excluded,) = computed_of(replace(OBJECTIVE, exclusions=(works,)), past, 11)

    assert (missed.state, excluded.state) == ("no_data", None)


def test_time_to_exhaustion_goes_on_at_the_pace_of_six_hours() -> None:
    """Half of the budget at twice the sustainable pace lasts a quarter of the window."""
    past = {"200": "0+1000x1500", "500": "0x1100 0+2x400"}
    (status,) = computed_of(OBJECTIVE, past, 25)

    assert status.burn_rates["6h"] == pytest.approx(2 / 1.002, rel=1e-3)
    assert status.exhaustion_seconds == pytest.approx(
        status.remaining * 30 * 24 * HOUR / status.burn_rates["6h"]
    )
