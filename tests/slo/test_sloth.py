"""Sloth's names from our rules, and both sets of rules on the same scrapes in one promtool."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog import yamlfile
from catalog.errors import ConfigError
from catalog.promql.expr import Foreign
from catalog.rules.files import document, plain
from slo import sloth
from slo.indicator import Ratio
from slo.objective import Objective
from tests.slo.promtool import Asked, Case, complaint
from tests.slo.sloth import rules

pytestmark = pytest.mark.tools

OBJECTIVE = Objective(
    name="availability",
    service="ours",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.99,
    by=("cluster",),
)
RATIOS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
PERIODS = (sloth.CURRENT_BURN_RATE, sloth.PERIOD_BURN_RATE, sloth.PERIOD_REMAINING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sloth")


@pytest.fixture(scope="module")
def theirs(tool: Callable[[str], Path], folder: Path) -> Path:
    """Sloth's rules, told from ours by the service alone."""
    return rules(tool("sloth"), [OBJECTIVE], "theirs", folder / "theirs.yml")


@pytest.fixture(scope="module")
def judge(tool: Callable[[str], Path], folder: Path, theirs: Path) -> Callable[..., None]:
    """Evaluate both sets on scrapes of a cluster, good and bad events a minute, then ask."""
    ours = folder / "ours.yml"
    ours.write_text(plain(sloth.groups(OBJECTIVE), "gpuvitals", "us"), encoding="utf-8")

    def run(good: str, bad: str, *asked: Asked, by: Path = theirs) -> None:
        written = {"200": good, "500": bad}
        series = {
            f'requests_total{{cluster="a",code="{code}"}}': values
            for code, values in written.items()
            if values
        }

        wrong = complaint(tool("promtool"), [ours, by], [Case(series=series, asked=asked)])
        assert not wrong, wrong

    return run


def of(name: str, service: str) -> str:
    return f'{name}{{sloth_service="{service}"}}'


def value(name: str, service: str, at: str, wanted: float) -> Asked:
    """To the ninth digit: the two sets do not round alike."""
    return f"round({of(name, service)}, 1e-9)", at, round(wanted, 9)


def test_every_series_of_sloth_is_there(theirs: Path) -> None:
    """Under the same names, with the same labels and, but for who made them, the same values of the labels."""
    found = dict(_recorded(document(sloth.groups(replace(OBJECTIVE, service="theirs")), "x")))

    wanted = dict(_recorded(yamlfile.load(theirs).value))
    assert wanted.keys() <= found.keys()
    for name, labels in wanted.items():
        assert found[name].keys() == labels.keys()
        made = {"sloth_version", "sloth_mode", "sloth_spec"}
        assert {(key, found[name][key]) for key in labels.keys() - made} == {
            (key, value) for key, value in labels.items() if key not in made
        }


def _recorded(groups: object) -> Iterator[tuple[str, dict[str, str]]]:
    assert isinstance(groups, dict)
    for group in groups["groups"]:
        for rule in group["rules"]:
            if "record" in rule:
                yield rule["record"], rule["labels"]


def test_a_window_of_four_weeks_is_called_so() -> None:
    """As Sloth, and Prometheus, write it."""
    names = [
        rule[0] for rule in _recorded(document(sloth.groups(replace(OBJECTIVE, days=28)), ""))
    ]

    assert "slo:sli_error:ratio_rate4w" in names


def test_alerts_carry_the_labels_of_sloth() -> None:
    """What lists alerts by them finds ours."""
    alerts = [
        rule["labels"]
        for group in document(sloth.groups(OBJECTIVE), "")["groups"]  # type: ignore[attr-defined] # a list of groups
        for rule in group["rules"]
        if "alert" in rule
    ]

    assert {labels["sloth_id"] for labels in alerts} == {"ours-availability"}
    assert {labels["sloth_severity"] for labels in alerts} == {"page", "ticket"}


def test_steady_traffic_is_the_same_to_both(judge: Callable[..., None]) -> None:
    """Every ratio, burn rate and budget, to the ninth digit."""
    names = [*(f"{sloth.ERROR_RATIO}{window}" for window in RATIOS), *PERIODS]
    ours, theirs = ({name: of(name, service) for name in names} for service in ("ours", "theirs"))
    judge(
        "0+97x480",
        "0+3x480",
        *(
            (f"abs({ours[name]} - on (cluster) {theirs[name]}) < bool 1e-9", "8h", 1)
            for name in names
        ),
        value(f"{sloth.ERROR_RATIO}30d", "ours", "8h", 0.03),
        value(sloth.PERIOD_REMAINING, "theirs", "8h", -2),
    )


def test_a_bad_hour_of_the_night_weighs_by_its_requests(judge: Callable[..., None]) -> None:
    """Four hours with 1000 requests a minute, then one with 10, all of them errors: 0.25 % of the requests failed.

    Sloth averages five-minute ratios over time, each the same whatever the traffic: 20 %.
    """
    ratio, left = f"{sloth.ERROR_RATIO}30d", sloth.PERIOD_REMAINING
    judge(
        "0+1000x240 240000x61",
        "0x240 10+10x59 600",
        value(ratio, "ours", "5h", 600 / 240_600),
        value(left, "ours", "5h", 1 - 600 / 240_600 / 0.01),
        value(ratio, "theirs", "5h", 12 / 60),
        value(left, "theirs", "5h", 1 - 12 / 60 / 0.01),
    )


def test_an_hour_without_traffic_takes_nothing_away(judge: Callable[..., None]) -> None:
    """To Sloth it is NaN, and so is every sum over a window that it lies in: the budget, for 30 days."""
    left, ratio = sloth.PERIOD_REMAINING, f"{sloth.ERROR_RATIO}5m"
    judge(
        "0+99x120 11880x60 11880+99x120",
        "0+1x120 120x60 120+1x120",
        value(ratio, "ours", "2h40m", 0),
        value(left, "ours", "5h", 0),
        (f"count({of(left, 'theirs')})", "5h", 1),
        (f"{of(left, 'theirs')} == {of(left, 'theirs')}", "5h", None),
    )


def test_errors_that_never_happened_leave_the_budget_whole(judge: Callable[..., None]) -> None:
    """As long as no error was counted there is no series of errors, and nothing of Sloth's."""
    left = sloth.PERIOD_REMAINING
    judge("0+100x120", "", value(left, "ours", "2h", 1), (of(left, "theirs"), "2h", None))


def test_a_series_that_vanishes_is_told_of(judge: Callable[..., None]) -> None:
    """Sloth's ratio ends with it, and with it the page."""
    page = 'ALERTS{alertname="%s",sloth_service="%s",sloth_severity="%s",alertstate="firing"}'
    judge(
        "0+80x120",
        "0+20x120",
        (page % ("SlothBurning", "theirs", "page"), "2h", 1),
        (page % ("SlothBurning", "theirs", "page"), "2h30m", None),
        (of(f"{sloth.ERROR_RATIO}5m", "theirs"), "2h30m", None),
        ('slo:state{state="no_data"}', "2h30m", 1),
        (page % ("SloNoData", "ours", "ticket"), "2h30m", 1),
        value(sloth.PERIOD_REMAINING, "ours", "2h30m", -19),
    )


def test_a_target_of_all_is_refused(
    judge: Callable[..., None], tool: Callable[[str], Path], folder: Path
) -> None:
    """Sloth divides by a budget of nothing: Inf after the first error."""
    by = rules(tool("sloth"), [OBJECTIVE], "all", folder / "all.yml", target=1)
    judge(
        "0+99x60",
        "0+1x60",
        (f"{of(sloth.CURRENT_BURN_RATE, 'all')} == bool Inf", "1h", 1),
        by=by,
    )

    with pytest.raises(ConfigError, match="a target of 1 leaves no budget"):
        replace(OBJECTIVE, target=1)
