"""Windows of the calendar: counted up from their begin, by the clock on the wall, evaluated by the real promtool."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from catalog.promql.expr import Foreign
from slo.calendar import Calendar, Unit
from slo.indicator import Ratio
from slo.objective import Objective, SilentBudget
from tests.slo import judging
from tests.slo.judging import Samples

pytestmark = pytest.mark.tools

MONTH = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.99,
    days=31,
    calendar=Calendar(first=datetime(2026, 1, 1), zone="Europe/Berlin", unit=Unit.MONTH),  # noqa: DTZ001 - the wall's clock
    by=("cluster",),
)
DAY = replace(MONTH, calendar=replace(MONTH.calendar, unit=Unit.DAY))  # type: ignore[type-var] # it has one
GOOD, BAD = 'requests_total{cluster="a",code="200"}', 'requests_total{cluster="a",code="500"}'
_LEFT = "slo:error_budget:remaining_ratio"
_COVERED = "slo:window:coverage_ratio"
_SECONDS = "slo:error_budget:time_to_exhaustion_seconds"
_START = "slo:window:start_timestamp_seconds"
_END = "slo:window:end_timestamp_seconds"


@pytest.fixture
def judge(tool: Callable[[str], Path], tmp_path: Path) -> Callable[..., None]:
    return partial(judging.judge, tool("promtool"), tmp_path)


def since(start: str, good: str, bad: str = "", every: str = "5m") -> Samples:
    series = {GOOD: good, BAD: bad} if bad else {GOOD: good}
    return Samples(series=series, start=f"{start}Z", every=every)


def test_a_month_ends_at_midnight_of_its_zone(judge: Callable[..., None]) -> None:
    """At 00:00 in Berlin, 22:00 UTC in summer, the budget is whole again; each event is in one of the two months."""
    begun = 3 * 60 + 55  # minutes to the last tile of May
    judge(
        MONTH,
        since("2026-05-31T18:00:00", "0+90x480", "0+10x235 2350x245"),
        ("slo:total:sum1M", "3h55m", 100 * begun),
        ("slo:bad:sum1M", "3h55m", 10 * begun),
        ("slo:bad:sum1M", "4h", 0),
        (_LEFT, "4h", 1),
        ("slo:total:sum1M", "4h", 450),
        ("slo:total:sum1M", "8h", 450 * 49),
        (_START, "4h", 1780264800),
        (_END, "4h", 1782856800),
        (_COVERED, "8h", 1),
    )


def test_the_day_that_the_clock_goes_back_has_25_hours(judge: Callable[..., None]) -> None:
    """And no event of it is lost or counted for two days."""
    judge(
        DAY,
        since("2026-10-24T20:00:00", "0+10x1800"),
        ("slo:total:sum1d", "1h55m", 10 * 115),
        ("slo:total:sum1d", "2h", 50),  # 2026-10-25 00:00 in Berlin
        ("slo:total:sum1d", "26h55m", 10 * 60 * 25),
        (f"{_END} - {_START}", "26h", 90_000),
        ("slo:total:sum1d", "27h", 50),
        (f"{_END} - {_START}", "28h", 86_400),
        (_COVERED, "26h55m", 1),
    )


def test_a_start_in_mid_month_says_how_little_it_knows(judge: Callable[..., None]) -> None:
    """Half of the month passed unseen: what is known is a small part, and the budget is that of the whole month."""
    hour = 12  # tiles
    half, known = 15 * 24 * hour, 6 * hour
    judge(
        MONTH,
        since("2026-06-15T22:00:00", "0+99x360", "0+1x360"),
        ("slo:total:sum1M", "6h", 100 * 360),
        (_COVERED, "6h", known / (half + known)),
        (_LEFT, "6h", 1 - (half + known) / (30 * 24 * hour)),
        ("slo:burn_rate:ratio1h", "6h", 1),
    )


def test_missed_evaluations_cost_no_event(judge: Callable[..., None]) -> None:
    """A server that evaluates once in twenty minutes counts all, and says how few tiles it saw."""
    judge(
        MONTH,
        since("2026-05-31T22:00:00", "0+10x720", every="20m"),
        ("slo:total:sum1M - slo:total:sum1M offset 6h", "12h", 3600),
        (_COVERED, "12h", 36 / 144),
    )


def test_what_was_counted_is_lost_after_a_day_without_a_server(judge: Callable[..., None]) -> None:
    """It begins anew, and the coverage of the month says so."""
    judge(
        MONTH,
        since("2026-05-31T22:00:00", "0+10x8000", every="25h"),
        ("slo:total:sum1M", "100h", 50),
        (_COVERED, "100h", 1 / (100 * 12)),
    )


def test_what_was_counted_outlives_silence_and_ends_with_its_month(
    judge: Callable[..., None],
) -> None:
    """A group that vanished keeps what it had until its month is over."""
    judge(
        MONTH,
        since("2026-06-30T16:00:00", "0+10x60"),
        ("slo:total:sum1M", "5h", 600),
        (_COVERED, "5h", 12 / (5 * 12 + 12 * (24 * 30 - 6))),
        ("slo:total:sum1M", "6h5m", None),
    )


def test_silence_costs_in_a_month_of_the_calendar_too(judge: Callable[..., None]) -> None:
    """An hour without data is an hour of bad events where the objective says so."""
    judge(
        replace(MONTH, silent_budget=SilentBudget.BAD),
        since("2026-06-15T22:00:00", "0+10x360"),
        ("slo:bad:sum1M", "6h", 0),
        ("slo:bad:sum1M", "7h", 600),
        ("slo:total:sum1M", "7h", 4200),
    )


def test_exhaustion_is_foretold_only_within_the_month(judge: Callable[..., None]) -> None:
    """Burning twice too fast, a month's budget lasts half a month; burning half as fast, it outlasts the month."""
    judge(
        MONTH,
        since("2026-05-31T22:00:00", "0+98x400", "0+2x400"),
        (f"{_SECONDS} - on (slo) ({_LEFT} * 30 * 86400 / 2)", "6h", 0),
        (_SECONDS, "6h", (1 - 2 * 6 / (30 * 24)) * 15 * 86_400),
    )
    judge(
        MONTH,
        since("2026-06-28T22:00:00", "0+199x400", "0+1x400"),
        ("slo:burn_rate:ratio6h", "6h5m", 0.5),
        (_SECONDS, "6h5m", None),
    )
