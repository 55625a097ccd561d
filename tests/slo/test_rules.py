"""The rules of an objective, evaluated by the real promtool."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import ConfigError
from catalog.promql.expr import Foreign, Raw
from catalog.rules.files import plain
from slo.indicator import Ratio, Slices
from slo.objective import Objective, SilentBudget
from slo.rules import groups
from tests.slo.promtool import Asked, Case, complaint

pytestmark = pytest.mark.tools

OBJECTIVE = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.999,
    by=("cluster",),
)


@pytest.fixture
def judge(tool: Callable[[str], Path], tmp_path: Path) -> Callable[..., None]:
    """Evaluate the rules on samples a minute apart, then ask."""

    def run(series: dict[str, str], *asked: Asked, of: Objective = OBJECTIVE) -> None:
        file = tmp_path / "rules.yml"
        file.write_text(plain(groups(of), "gpuvitals", "us"), encoding="utf-8")
        named = {
            f'requests_total{{cluster="a",code="{code}"}}': values
            for code, values in series.items()
        }

        wrong = complaint(tool("promtool"), [file], [Case(series=named, asked=asked)])
        assert not wrong, wrong

    return run


def holds(state: str) -> str:
    return f'slo:state{{state="{state}"}}'


def test_promtool_accepts_the_rules(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """No lint of the real checker is violated."""
    file = tmp_path / "rules.yml"
    file.write_text(plain(groups(OBJECTIVE), "gpuvitals", "us"))

    done = subprocess.run([tool("promtool"), "check", "rules", "--lint=all", file], check=False)

    assert done.returncode == 0


def test_tiles_count_each_event_once(judge: Callable[..., None]) -> None:
    """Single errors, wherever they fall, are all in the sum: nothing is extrapolated, nothing lost between windows."""
    errors = "0x5 1x4 2x0 3x8 4x10 5x30 " + "5x60"
    judge(
        {"200": "0+95x125", "500": errors},
        ("slo:bad:sum30d", "2h", 5),
        ("slo:total:sum30d", "2h", 95 * 120 + 5),
        ("slo:error_budget:remaining_ratio", "2h", 1 - 5 / (0.001 * (95 * 120 + 5))),
    )


def test_a_reset_costs_no_event(judge: Callable[..., None]) -> None:
    """A counter that restarts in the middle of a tile has counted up to its fall, and again from 0."""
    judge(
        {"200": "0+10x32 0+10x60"},
        ("slo:total:sum30d", "1h", 320 + 270),
        ("slo:bad:sum30d", "1h", 0),
    )


def test_a_reset_between_two_tiles_costs_no_event(judge: Callable[..., None]) -> None:
    """The first sample of a tile is the first after a restart, and the last is higher than any before it."""
    judge({"200": "0+20x10 0+60x60"}, ("slo:total:sum30d", "1h", 200 + 60 * 49))


def test_a_gap_of_scrapes_loses_nothing(judge: Callable[..., None]) -> None:
    """What was counted while nobody looked is counted afterwards."""
    judge(
        {"200": "0+10x20 _x12 340+10x60"},
        ("slo:total:sum30d", "80m", 810),
    )


def test_errors_that_never_happened_are_none(judge: Callable[..., None]) -> None:
    """A counter of errors that does not exist yet counts 0, and the budget is whole."""
    judge(
        {"200": "0+10x400"},
        ("slo:bad:sum30d", "6h", 0),
        ("slo:error_budget:remaining_ratio", "6h", 1),
        (holds("ok"), "6h", 1),
        ("slo:error_budget:time_to_exhaustion_seconds", "6h", None),
    )


def test_no_traffic_is_idle_and_no_nan(judge: Callable[..., None]) -> None:
    """Nothing of nothing is no error."""
    judge(
        {"200": "0+10x300 3000x400"},
        (holds("idle"), "10h", 1),
        ("slo:burn_rate:ratio1h", "10h", 0),
        ("slo:burn_rate:ratio5m", "10h", 0),
        ("slo:error_budget:remaining_ratio", "10h", 1),
    )


def test_a_group_that_vanishes_has_no_data(judge: Callable[..., None]) -> None:
    """For a day it is missed, and somebody is told."""
    judge(
        {"200": "0+10x400"},
        (holds("ok"), "6h", 1),
        (holds("no_data"), "7h", 1),
        (holds("no_data"), "40h", None),
        ('ALERTS{alertname="SloNoData",alertstate="firing"}', "7h10m", 1),
    )


def test_a_start_is_warming_up(judge: Callable[..., None]) -> None:
    """Ten minutes are no past to be judged by: a few early errors page nobody."""
    judge(
        {"200": "0+90x60", "500": "0+10x60"},
        (holds("warming_up"), "20m", 1),
        ("slo:burning:page_fast", "20m", 0),
        ("slo:burn_rate:ratio5m", "20m", 100),
    )


def test_an_outage_burns_pages_and_ends(judge: Callable[..., None]) -> None:
    """A total outage pages by the fast tier, and the page ends soon after the outage."""
    page = 'ALERTS{alertname="SloBurning",slo_tier="page_fast",alertstate="firing"}'
    judge(
        {"200": "0+100x480 48000x30 48000+100x400", "500": "0x480 0+100x30 3000x400"},
        (page, "8h", None),
        (page, "8h10m", 1),
        (holds("exhausted"), "8h30m", 1),
        (page, "8h45m", None),
        (holds("exhausted"), "14h", 1),
        ("slo:error_budget:time_to_exhaustion_seconds", "8h30m", 0),
    )


def test_silence_costs_what_the_group_usually_has(judge: Callable[..., None]) -> None:
    """Five minutes of silence are as many bad events as five minutes of an average day, for a day."""
    judge(
        {"200": "0+10x400"},
        ("slo:silent:tile5m", "6h", None),
        ("slo:bad:sum30d", "6h", 0),
        ("slo:silent:tile5m", "8h", 50),
        ("slo:bad:sum30d", "7h40m", 50 * 12),
        ("slo:silent:tile5m", "40h", None),
        of=replace(OBJECTIVE, silent_budget=SilentBudget.BAD),
    )


def test_a_listed_member_is_missed_for_ever(judge: Callable[..., None]) -> None:
    """It is missed before it was ever seen, and costs what the others have."""
    judge(
        {"200": "0+10x4000"},
        (holds("no_data") + " and on (cluster) slo:member", "2h", 1),
        (holds("no_data"), "60h", 1),
        ('slo:silent:tile5m{cluster="b"}', "60h", 50),
        of=replace(OBJECTIVE, members=(("a",), ("b",)), silent_budget=SilentBudget.BAD),
    )


def test_a_part_that_falls_silent_costs_its_own_events(judge: Callable[..., None]) -> None:
    """The others go on, so the group has data; what was counted meanwhile is not counted again when the part returns."""
    silent = "0+10x60 _x29 910+10x30"
    judge(
        {"200": "0+30x120", "201": silent},
        ("slo:part:tile5m", "1h", 150 + 50),
        ("slo:silent:tile5m", "1h10m", 50),
        ("slo:total:sum30d", "1h10m", 70 * 30 + 60 * 10 + 2 * 50),
        ("slo:bad:sum30d", "1h10m", 2 * 50),
        ("slo:burn_rate:ratio5m", "1h10m", 50 / 200 / 0.001),
        ("slo:total:sum30d", "2h", 120 * 40),
        ("slo:silent:tile5m", "2h", None),
        of=replace(OBJECTIVE, silent_by=("code",), silent_budget=SilentBudget.BAD),
    )


def test_silence_by_needs_silence_that_costs() -> None:
    """Otherwise it would say nothing."""
    with pytest.raises(ConfigError, match=r"add gpuvitals\.dev/no-data-budget: bad"):
        replace(OBJECTIVE, silent_by=("node",))
    with pytest.raises(ConfigError, match="silence-by is for ratios of counters"):
        replace(
            OBJECTIVE,
            silent_by=("node",),
            silent_budget=SilentBudget.BAD,
            indicator=Slices(good=Raw("up")),
        )


def test_a_missing_bucket_is_told_and_nothing_is_judged(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """Without it every event would look slow. Where some of the series lack it, that is told too."""
    file = tmp_path / "rules.yml"
    of = replace(
        OBJECTIVE,
        indicator=Ratio(total=Foreign("d_count"), good=Foreign('d_bucket{le="0.1"}')),
    )
    file.write_text(plain(groups(of), "gpuvitals", "us"), encoding="utf-8")
    missing = 'ALERTS{alertname="SloBucketMissing",alertstate="firing"}'
    count, bound = 'd_count{cluster="a",pod="1"}', 'd_bucket{cluster="a",pod="1",le="%s"}'
    other = 'd_count{cluster="a",pod="2"}'
    grows = "0+10x60"
    cases = [
        Case(
            series={count: grows, bound % "0.1": grows},
            asked=[(missing, "1h", None), ("slo:bad:sum30d", "1h", 0)],
        ),
        Case(
            series={count: grows, bound % "0.25": grows},
            asked=[(missing, "1h", 1), ("slo:total:sum30d", "1h", None)],
        ),
        Case(
            series={count: grows, bound % "0.1": grows, other: grows},
            asked=[(missing, "1h", 1), ("slo:total:sum30d", "1h", 1200)],
        ),
    ]

    wrong = complaint(tool("promtool"), [file], cases)

    assert not wrong, wrong
