"""Time that does not count, and events that were counted wrongly: before and after, evaluated by the real promtool."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from catalog.promql.expr import Foreign
from catalog.rules.files import plain
from slo import cron
from slo.calendar import Calendar, Unit
from slo.exclusion import Correction, Dates, Exclusion, Schedule
from slo.indicator import Ratio
from slo.objective import Objective, SilentBudget
from slo.rules import groups
from slo.step import Step, Wakes
from tests.slo import judging
from tests.slo.judging import Samples

pytestmark = pytest.mark.tools

HOUR = 3600
START = datetime(
    2026, 3, 28, 22, tzinfo=UTC
)  # a Saturday, 23:00 in Berlin; at 01:00 UTC the clock goes forward
OBJECTIVE = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.99,
    by=("cluster",),
)
MARCH = Calendar(first=datetime(2026, 1, 1), zone="UTC", unit=Unit.MONTH)  # noqa: DTZ001 - the wall's clock
_MEASURED, _COUNTED = "slo:measured_bad:sum", "slo:bad:sum"


def hours(first: float, last: float, **where: str) -> Exclusion:
    """From and to so many hours after the start."""
    began = START.timestamp()
    when = Dates(start=began + first * HOUR, end=began + last * HOUR)
    return Exclusion(reason="power works", when=when, where=where)


def errors(minutes: int) -> Samples:
    """A tenth of the requests of two clusters fails."""
    series = {
        f'requests_total{{cluster="{cluster}",code="{code}"}}': f"0+{gain}x{minutes}"
        for cluster in "ab"
        for code, gain in (("200", 9), ("500", 1))
    }
    return Samples(series=series, start=START.isoformat())


@pytest.fixture
def judge(tool: Callable[[str], Path], tmp_path: Path) -> Callable[..., None]:
    return partial(judging.judge, tool("promtool"), tmp_path)


@pytest.mark.parametrize("window", ["30d", "1M"])
def test_what_is_excluded_is_measured_and_does_not_count(
    judge: Callable[..., None], window: str
) -> None:
    """Whole tiles are left out of events and bad events, of burn rates too; what was measured stands beside."""
    of = OBJECTIVE if window == "30d" else replace(OBJECTIVE, calendar=MARCH, days=31)
    judge(
        replace(of, exclusions=(hours(4, 4.5),)),
        errors(300),
        (f"{_MEASURED}{window}", "5h", 2 * 300),
        (f"{_COUNTED}{window}", "5h", 2 * 270),
        (f"slo:total:sum{window}", "5h", 2 * 2700),
        ("slo:excluded_bad:tile5m", "4h30m", 2 * 5),
        ("slo:excluded_bad:tile5m", "4h40m", None),
        ("slo:burn_rate:ratio5m", "4h30m", None),
        ("slo:burn_rate:ratio5m", "4h40m", 2 * 10),
        ('slo:state{state="exhausted"}', "4h30m", 2),
        ("slo:window:coverage_ratio > bool 0", "5h", 2),
    )


def test_a_group_alone_may_be_excluded(judge: Callable[..., None]) -> None:
    """What happens in the others at that time counts."""
    judge(
        replace(OBJECTIVE, exclusions=(hours(1, 2, cluster="a"),)),
        errors(150),
        ('slo:bad:sum30d{cluster="a"}', "2h30m", 90),
        ('slo:bad:sum30d{cluster="b"}', "2h30m", 150),
        ('slo:measured_bad:sum30d{cluster="a"}', "2h30m", 150),
    )


def test_a_schedule_follows_the_clock_on_the_wall(judge: Callable[..., None]) -> None:
    """Sundays from 01:00 to 04:00 in Berlin last two hours when the clock goes forward: 00:00 to 02:00 UTC."""
    when = Schedule(cron=cron.parse("0 1 * * sun"), seconds=3 * HOUR, zone="Europe/Berlin")
    judge(
        replace(OBJECTIVE, exclusions=(Exclusion(reason="deploys", when=when),)),
        errors(270),
        ("slo:excluded_bad:tile5m", "2h", None),
        ("slo:excluded_bad:tile5m", "2h5m", 10),
        ("slo:excluded_bad:tile5m", "4h", 10),
        ("slo:excluded_bad:tile5m", "4h5m", None),
        ("slo:bad:sum30d", "4h30m", 2 * 150),
    )


def test_maintenance_without_data_is_no_silence(judge: Callable[..., None]) -> None:
    """Whoever is excluded is not missed, and costs nothing where silence costs."""
    of = replace(OBJECTIVE, exclusions=(hours(1, 2),), silent_budget=SilentBudget.BAD)
    judge(
        of,
        errors(60),
        ('slo:state{state="no_data"} == 1', "1h30m", None),
        ("slo:silent:tile5m", "1h30m", None),
        ('slo:state{state="no_data"}', "2h30m", 2),
        ("slo:silent:tile5m", "2h30m", 2 * 50),
    )


def recorded(**more: str) -> Samples:
    """Tiles of five hours that were recorded before anybody excluded anything, a tenth of their events bad."""
    labels = '{slo="availability",cluster="a"}'
    tiles = {"slo:total:tile5m": 100, "slo:bad:tile5m": 10}
    values = {name: " ".join([f"{count} _ _ _ _"] * 60) for name, count in tiles.items()}
    series = {f"{name}{labels}": text for name, text in (values | more).items()}
    return Samples(series=series, start=START.isoformat())


def test_an_exclusion_that_comes_late_takes_back_what_was_counted(
    judge: Callable[..., None],
) -> None:
    """A range of dates changes the budget though its tiles are recorded; its own cluster only."""
    late = (hours(2, 3, cluster="a"), hours(2.5, 3), hours(4, 4.5, cluster="b"))
    judge(
        replace(OBJECTIVE, exclusions=late),
        recorded(),
        ("slo:measured_bad:sum30d", "5h", 10 * 60),
        ("slo:bad:sum30d", "5h", 10 * (60 - 12)),
        ("slo:total:sum30d", "5h", 100 * (60 - 12)),
    )


def test_a_late_exclusion_is_taken_out_of_its_own_month(judge: Callable[..., None]) -> None:
    """What was counted up stays; what is excluded of this month is taken off, and nothing of another."""
    march = 1772323200
    counted = {
        name: " ".join([f"_ {value} _ _ _"] * 60)
        for name, value in (
            ("slo:total:counted", 5900),
            ("slo:bad:counted", 590),
            ("slo:window:tiles", 59),
            ("slo:window:counted_timestamp_seconds", march),
        )
    }
    month_before = hours(-24 * 40, -24 * 30)
    judge(
        replace(OBJECTIVE, calendar=MARCH, days=31, exclusions=(hours(2, 3), month_before)),
        recorded(**counted),
        ("slo:measured_bad:sum1M", "4h55m", 600),
        ("slo:bad:sum1M", "4h55m", 600 - 120),
    )


@pytest.mark.parametrize("window", ["30d", "1M"])
def test_a_correction_belongs_to_its_group_and_time(
    judge: Callable[..., None], window: str
) -> None:
    """Before it nothing changes; what was measured stands beside."""
    of = OBJECTIVE if window == "30d" else replace(OBJECTIVE, calendar=MARCH, days=31)
    correction = Correction(
        at=START.timestamp() + 3 * HOUR,
        group=("a",),
        total=-100,
        bad=-60,
        reason="load test",
        author="ops",
    )
    judge(
        replace(of, corrections=(correction,)),
        errors(300),
        (f'slo:bad:sum{window}{{cluster="a"}}', "2h", 120),
        ("slo:total:correction", "2h", None),
        (f'slo:bad:sum{window}{{cluster="a"}}', "5h", 300 - 60),
        (f'slo:total:sum{window}{{cluster="a"}}', "5h", 3000 - 100),
        (f'slo:bad:sum{window}{{cluster="b"}}', "5h", 300),
        (f'slo:measured_bad:sum{window}{{cluster="a"}}', "5h", 300),
        (
            'slo:measured_error_budget:remaining_ratio{cluster="a"} < bool slo:error_budget:remaining_ratio',
            "5h",
            1,
        ),
    )


def test_promtool_accepts_the_rules(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Schedules of many spans, dates, corrections, silence and a policy, in windows of both kinds; no lint is violated."""
    when = Schedule(
        cron=cron.parse("15 1,13 * jan,mar-may 1-3,sat"),
        seconds=HOUR,
        zone="America/New_York",
        start=START.timestamp(),
        end=START.timestamp() + 1e7,
    )
    whole = replace(
        OBJECTIVE,
        exclusions=(
            Exclusion(reason="deploys", when=when, where={"cluster": "=~a|b"}),
            hours(1, 2),
            hours(-900, 900, cluster="!=c"),
        ),
        corrections=(
            Correction(at=0, group=("a",), total=1, bad=1, reason="x", author="y"),
            Correction(at=1.7e9, group=("b",), total=-1, bad=0, reason="x", author="y"),
        ),
        silent_budget=SilentBudget.BAD,
        members=(("a",), ("d",)),
        policy=(Step(remaining=0.5, wakes=Wakes.TICKET, action="Slow down."),),
    )
    quarter = replace(whole, name="quarter", calendar=replace(MARCH, unit=Unit.QUARTER), days=92)
    file = tmp_path / "rules.yml"
    found = [group for of in (whole, quarter) for group in groups(of)]
    file.write_text(plain(found, "gpuvitals", "us"), encoding="utf-8")

    done = subprocess.run(
        [tool("promtool"), "check", "rules", "--lint=all", file],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
