"""Pasts that are made, so that the pages, their times and what would have prevented them are known."""

import math
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import ConfigError
from history.counted import Steps
from slo import backtest_json, backtest_text
from slo.backtest import Backtest, Wish, backtests
from slo.incidents import Incident, read
from slo.objective import Objective
from slo.replay import quiet_from
from slo.tier import Tier
from tests.slo.made import MINUTE, OBJECTIVE, Bad, Made

HOUR, DAY = 3600, 86_400
END = 1_790_000_040
END -= END % DAY
DAYS = 15
START = END - DAYS * DAY


def outages(*spans: tuple[float, float], share: float = 1.0) -> list[Bad]:
    """Hours after the start at which an outage began and ended."""
    return [(START + begin * HOUR, START + end * HOUR, share) for begin, end in spans]


def replayed(made: Made, of: Objective = OBJECTIVE, **wish: object) -> Backtest:
    (found,) = backtests([of], (START, END), made, Wish(**wish))  # type: ignore[arg-type] # as the test says
    return found


def incident(begin: float, end: float, **labels: str) -> Incident:
    return Incident(start=START + begin * HOUR, end=START + end * HOUR, labels=labels)


def test_an_outage_pages_in_its_first_minutes_and_once() -> None:
    """Rules add up five minutes that overlap: 1 + 2 + 3 fifths of a minute are more than 1.44 % of an hour."""
    found = replayed(Made(a=outages((100, 100.5))))

    (page,) = found.pages
    assert page.began == START + 100 * HOUR + 3 * MINUTE
    assert {tier.name for tier in page.tiers} == {"page_fast", "page_slow"}
    assert page.ended is not None
    assert 0.5 * HOUR <= page.ended - page.began <= 1.2 * HOUR
    assert [(one.tier.name, one.alerts) for one in found.tiers] == [
        ("page_fast", 1),
        ("page_slow", 1),
        ("ticket_fast", 1),
        ("ticket_slow", 1),
    ]


def test_what_burns_slowly_is_a_ticket_and_no_page() -> None:
    """Twice the budget for four days reaches only the slowest tier."""
    found = replayed(Made(a=outages((100, 196), share=0.002)))

    assert found.pages == ()
    assert [one.alerts for one in found.tiers] == [0, 0, 0, 1]


def test_a_tier_that_waits_fires_later() -> None:
    """`lasting` is the time for which the condition must hold before anybody is called."""
    tier = Tier(name="slow", severity="page", long="1h", short="5m", factor=14.4, lasting="10m")
    waiting, at_once = (
        replayed(Made(a=outages((100, 101))), replace(OBJECTIVE, tiers=(one,)))
        for one in (tier, replace(tier, lasting=""))
    )

    assert waiting.pages[0].began - at_once.pages[0].began == 10 * MINUTE


def test_incidents_are_detected_or_missed_and_pages_are_explained_or_not() -> None:
    """Two of three incidents were paged; one of three pages has no incident."""
    made = Made(a=outages((100, 100.5), (200, 200.5), (300, 300.5)))
    listed = (incident(100, 101), incident(200.1, 201), incident(350, 351))

    score = replayed(made, incidents=listed).score

    assert score is not None
    assert score.detected == (180.0, 0.0, None)
    assert score.recall == pytest.approx(2 / 3)
    assert score.precision == pytest.approx(2 / 3)
    assert score.median_seconds == 90.0


def test_an_incident_of_one_group_is_not_detected_by_another() -> None:
    """Labels of an incident choose the groups that it is about."""
    made = Made(a=outages((100, 100.5)), b=outages())
    of_a, of_b = incident(100, 101, cluster="a"), incident(100, 101, cluster="b")

    score = replayed(made, incidents=(of_a, of_b)).score

    assert score is not None
    assert score.detected == (180.0, None)


def test_without_pages_and_incidents_nothing_is_scored() -> None:
    """None of none is no share."""
    score = replayed(Made(a=outages()), incidents=()).score

    assert score is not None
    assert (score.precision, score.recall, score.median_seconds) == (None, None, None)


THREE = outages((100, 102))
MIXED = [
    *outages((100, 102), share=0.5),
    *outages((200, 202), share=0.1),
    *outages((300, 302), share=0.03),
]


@pytest.mark.parametrize(("wanted", "pages"), [(2, 2), (0, 0)])
def test_the_target_that_is_told_pages_as_seldom_as_wanted(wanted: int, pages: int) -> None:
    """Three outages of 50, 10 and 3 % of the requests: the target that is told is tried."""
    made = Made(a=MIXED)
    found = replayed(made, pages_per_month=wanted * 30 / DAYS)
    assert len(found.pages) == 3
    assert found.wanted_target is not None

    again = replayed(made, replace(OBJECTIVE, target=found.wanted_target))

    assert len(again.pages) == pages


@pytest.mark.parametrize("wanted", [2])
def test_the_burn_rates_that_are_told_page_as_seldom_as_wanted(wanted: int) -> None:
    """Each tier alone, with the factor that is told."""
    made = Made(a=MIXED)
    found = replayed(made, pages_per_month=wanted * 30 / DAYS)

    for one in found.tiers:
        assert one.wanted_factor is not None
        tier = replace(one.tier, factor=one.wanted_factor)
        (again,) = replayed(made, replace(OBJECTIVE, tiers=(tier,))).tiers
        assert again.alerts == min(wanted, one.alerts if one.wanted_factor else wanted)


def test_nothing_helps_against_total_outages() -> None:
    """Whatever the target, a total outage of hours pages; that is said and not made up for."""
    found = replayed(Made(a=THREE), pages_per_month=0)

    assert found.wanted_target is None
    assert found.tiers[0].wanted_factor is None
    assert found.tiers[3].wanted_factor is not None


def test_quiet_from_counts_rises_to_a_level() -> None:
    """Of rises to 3, 5 and 2: all three reach up to 2, two of them 3, one 5."""
    line = array("d", [0, 3, 1, 5, 0, 2, 0])

    assert quiet_from([line], 0) == math.nextafter(5, math.inf)
    assert quiet_from([line], 1) == math.nextafter(3, math.inf)
    assert quiet_from([line], 2) == math.nextafter(2, math.inf)
    assert quiet_from([line], 3) == 0
    assert quiet_from([line, line], 4) == math.nextafter(2, math.inf)


def test_a_backtest_reads_as_text_and_json() -> None:
    """The same facts for people and programs."""
    found = replayed(
        Made(a=outages((100, 100.5))), incidents=(incident(100, 101),), pages_per_month=0.5
    )

    text, plain = backtest_text.text(found), backtest_json.plain(found)

    assert "pages: 1, 2 a month" in text
    assert "precision 100%, recall 100%, half of the incidents detected within 3 min" in text
    assert plain["pages"][0]["labels"] == {"cluster": "a"}
    assert plain["incidents"]["list"][0]["seconds_to_detect"] == 180.0
    assert plain["pages_per_month"] == 2.0


# -- the list of incidents ---------------------------------------------------------------------------------------------


def test_a_list_is_read(tmp_path: Path) -> None:
    """Times with zones or as seconds; an empty label is all groups."""
    file = tmp_path / "incidents.csv"
    file.write_text(
        "start,end,cluster\n2026-10-01T00:00:00Z,2026-10-01T02:00:00+01:00,a\n1790812800,1790816400,\n",
        encoding="utf-8",
    )

    assert read(file) == (
        Incident(start=1790812800, end=1790816400, labels={"cluster": "a"}),
        Incident(start=1790812800, end=1790816400, labels={}),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("begin,end\n", r"incidents\.csv:1: there is no column 'start'"),
        ("", r"incidents\.csv:1: there is no column 'start'"),
        ("start,end\n1,2\nsoon,3\n", r"incidents\.csv:3: start: 'soon' is not a time"),
        ("start,end\n5,5\n", r"incidents\.csv:2: the end 5 is not after the start"),
        ("start,end\n5\n", r"incidents\.csv:2: end: '' is not a time"),
    ],
)
def test_a_faulty_list_names_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    """What is wrong, and where."""
    file = tmp_path / "incidents.csv"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=complaint):
        read(file)


def test_a_column_that_no_group_has_is_said() -> None:
    """A misspelt label would silently be about all groups."""
    with pytest.raises(
        ConfigError, match="incidents have the column 'clster', but groups have cluster"
    ):
        replayed(Made(a=outages()), incidents=(incident(1, 2, clster="a"),))


def test_steps_end_where_they_should() -> None:
    """The last step ends at the end."""
    steps = Steps(end=600, width=60, count=10)

    assert (steps.start, steps.ended(0), steps.ended(9)) == (0, 60, 600)
