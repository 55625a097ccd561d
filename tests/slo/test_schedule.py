"""When a maintenance by schedule is on."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import ConfigError
from slo import cron
from slo.exclusion import Dates, Exclusion, Schedule
from slo.objective import TILE


def schedule(text: str, hours: float = 2, zone: str = "Europe/Berlin") -> Schedule:
    return Schedule(cron=cron.parse(text), seconds=int(hours * 3600), zone=zone)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "hours", "on", "off"),
    [
        ("0 2 * * sun", 2, "2026-11-01T03:59+01:00", "2026-11-02T03:00+01:00"),
        ("0 23 * * fri", 3, "2026-11-07T01:30+01:00", "2026-11-08T01:30+01:00"),
        ("30 1 1 * *", 1, "2026-12-01T02:00+01:00", "2026-12-02T02:00+01:00"),
        ("0 0,12 * jan-mar 1-5", 1, "2026-02-03T12:30+01:00", "2026-04-01T12:30+02:00"),
        ("0 2 * * 7", 1, "2026-11-01T02:30+01:00", "2026-11-01T04:00+01:00"),
        # The hour that the clock shows twice is left out twice; the one that it leaps over is none.
        ("0 2 * * *", 1, "2026-10-25T00:30+00:00", "2026-10-24T23:30+00:00"),
        ("0 2 * * *", 1, "2026-10-25T01:30+00:00", "2026-10-25T02:30+00:00"),
        ("0 2 * * *", 1, "2026-03-30T00:30+00:00", "2026-03-29T01:30+00:00"),
    ],
)
def test_a_schedule_is_on_by_the_clock_on_the_wall(
    text: str, hours: float, on: str, off: str
) -> None:
    """Through midnight, summer time and the ends of months."""
    found = schedule(text, hours)

    assert found.overlaps(at(on), 0)
    assert not found.overlaps(at(off), 0)


def test_a_tile_is_left_out_if_any_of_it_is() -> None:
    """Five minutes that end as the maintenance begins count; five that begin before its end do not."""
    found = schedule("0 2 * * *")
    begin, end = at("2026-11-01T02:00+01:00"), at("2026-11-01T04:00+01:00")

    tiles = {at: found.overlaps(at, TILE) for at in (begin, begin + 1, end + 299, end + 300)}

    assert list(tiles.values()) == [False, True, True, False]


def test_an_exclusion_may_name_objectives() -> None:
    """It is none of the others' business."""
    when = Dates(start=0, end=1)
    named = Exclusion(reason="x", when=when, where={"slo": "=~avail.*", "cluster": "a"})

    assert named.of("availability") == Exclusion(reason="x", when=when, where={"cluster": "a"})
    assert named.of("latency") is None
    assert Exclusion(reason="x", when=when, where={"slo": "!=latency"}).of("latency") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0 2 * *", "expected five fields"),
        ("60 2 * * *", "the minute '60' is none; expected numbers from 0 to 59"),
        ("0 2 * * funday", "the weekday 'funday' is none; expected numbers from 0 to 7, or sun to sat"),
        ("0 2 1 * sun", "restricts both the day of the month and the weekday"),
        ("* * * * *", "begins 1440 times a day; at most 24 are taken"),
        ("0 5-2 * * *", "the hour '5-2' is none"),
        ("0 */0 * * *", "the hour '*/0' is none"),
    ],
)  # fmt: skip
def test_a_cron_that_is_none_is_refused(text: str, complaint: str) -> None:
    """With what would do."""
    with pytest.raises(ConfigError) as caught:
        cron.parse(text)

    assert complaint in str(caught.value)


def test_a_maintenance_by_schedule_is_shorter_than_a_day() -> None:
    """A longer one is written with dates."""
    with pytest.raises(ConfigError, match="lasts up to 23 h"):
        schedule("0 2 * * *", 24)


@pytest.mark.tools
def test_promql_and_python_agree(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """On each quarter of an hour of the days around summer time's begin and end, in three zones."""
    schedules = (
        schedule("30 1,23 * * sat,sun", 1.5),
        schedule("0 2 25-29 mar,oct *", 1),
        schedule("15 0,12 * 1-11 1-3", 4, "America/New_York"),
        schedule("0 4 * * *", 0.5, "Pacific/Chatham"),
    )
    cases = []
    for start in (at("2026-03-28T00:00+00:00"), at("2026-10-24T00:00+00:00")):
        asked = [
            {
                "expr": f"count({one.now(TILE).text('')}) or vector(0)",
                "eval_time": f"{minutes}m",
                "exp_samples": [
                    {"labels": "{}", "value": float(one.overlaps(start + 60 * minutes, TILE))}
                ],
            }
            for one in schedules
            for minutes in range(1, 3 * 24 * 60, 15)
        ]
        begin = datetime.fromtimestamp(start, UTC).isoformat()
        cases.append({"interval": "1h", "start_timestamp": begin, "promql_expr_test": asked})
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"evaluation_interval": "1h", "tests": cases}), encoding="utf-8")

    done = subprocess.run(
        [tool("promtool"), "test", "rules", file], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
