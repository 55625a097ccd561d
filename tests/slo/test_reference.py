"""Budgets agree with a plain count of the scraped samples, over thirty days on a real Prometheus."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.metrics import availability
from catalog.promql.expr import Foreign
from catalog.rules.rule import Record
from catalog.snapshot import Layout, Reading
from history.counted import Gains, Refused, Steps
from history.database import Database
from history.embedded import EmbeddedCounting
from history.rollup import Rollup
from history.sqlite import SqliteHistory
from slo import names
from slo.indicator import Ratio
from slo.objective import Objective
from slo.rules import groups
from tests.slo.backfill import Past, Span
from tests.slo.reference import events
from tests.slo.scrapes import (
    DAY,
    END,
    SERVICES,
    START,
    UNSEEN,
    Service,
    is_peak,
    openmetrics,
    without,
)

pytestmark = pytest.mark.tools

OBJECTIVE = Objective(
    name="availability",
    service="inference",
    indicator=Ratio(total=Foreign("requests_total"), bad=Foreign('requests_total{code="500"}')),
    target=0.999,
    by=("service",),
)
_TILES = names.TOTAL_TILE, names.BAD_TILE
_SUMS = names.total("30d"), names.bad("30d"), names.BUDGET_REMAINING


def recorded(past: Past, *spans: Span) -> tuple[float, Mapping[str, Mapping[str, float]]]:
    """Evaluate tiles over *spans* and sums at the end; when that was, and the values by name and service."""
    (tiles, _), end = groups(OBJECTIVE), spans[-1][1]
    by_name = {rule.name: rule for rule in tiles.rules if isinstance(rule, Record)}
    for span in spans:
        for name in _TILES:
            past.evaluate(tiles, by_name[name], span)
    for name in _SUMS:
        past.evaluate(tiles, by_name[name], (end - 600, end))
    with past.server() as prometheus:
        when = prometheus.value(f"max(max_over_time(timestamp({_SUMS[0]})[1h:1s] @ {end}))")
        return when, {
            name: {
                dict(labels)["service"]: value
                for labels, value in prometheus.query(
                    f"last_over_time({name}[1h] @ {end})"
                ).items()
            }
            for name in _SUMS
        }


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line past pytest, which keeps what a test prints."""

    def write(line: str) -> None:
        with capsys.disabled():
            print(line)  # noqa: T201 - it is for a person

    return write


def counted(found: Service, when: float) -> tuple[float, float, float]:
    """All events of the window that ended at *when*, the bad ones, and what that leaves of the budget."""
    start = when - OBJECTIVE.days * DAY
    total = events(found.values(), start, when)
    bad = events([found["500"]], start, when)
    return total, bad, 1 - bad / total / OBJECTIVE.budget


def test_thirty_days_agree_with_the_samples(
    tool: Callable[[str], Path], tmp_path: Path, told: Callable[[str], None]
) -> None:
    """To the last event: on steady and irregular scrapes, with scrapes missing, and across restarts.

    What a restart hid from every scrape is told, and judged by nobody.
    """
    past = Past(tool, tmp_path)
    past.scrapes(openmetrics(SERVICES))

    when, found = recorded(past, (START, END))

    for service, scrapes in SERVICES.items():
        total, bad, left = counted(scrapes, when)
        tolerance = 1e-9 if service in {"steady", "bursty"} else 1e-3
        assert found[_SUMS[0]][service] == pytest.approx(total, rel=tolerance)
        assert found[_SUMS[1]][service] == pytest.approx(bad, rel=tolerance)
        assert 1 - found[_SUMS[2]][service] == pytest.approx(1 - left, rel=tolerance)
        off = found[_SUMS[1]][service] / bad - 1
        told(
            f"\n{service}: {total:.0f} events, {bad:.0f} bad, {off:+.1e} of them off; "
            f"{UNSEEN.get(service, 0)} that no scrape could see"
        )


def test_ten_minutes_without_prometheus_cost_no_event(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """It neither scrapes nor evaluates, in the two hours of the day that have all the errors."""
    down, back, end = END - 3600, END - 3000, END - 1500
    assert is_peak(down)
    assert is_peak(back)
    services = {name: without(SERVICES[name], down, back) for name in ("steady", "bursty")}
    past = Past(tool, tmp_path)
    past.scrapes(openmetrics(services))

    singly = [(at, at + 299) for at in range(back, end, 300)]  # each reads those before
    when, found = recorded(past, (START, down), *singly)

    for service, scrapes in services.items():
        total, bad, left = counted(scrapes, when)
        assert found[_SUMS[0]][service] == pytest.approx(total, rel=1e-9)
        assert found[_SUMS[1]][service] == pytest.approx(bad, rel=1e-9)
        assert 1 - found[_SUMS[2]][service] == pytest.approx(1 - left, rel=1e-9)


def test_the_embedded_history_counts_thirty_days_alike(tmp_path: Path) -> None:
    """The same scrapes, kept as an exporter keeps them, give the same events to the last one.

    Scrapes are moved off the full minute, which is the end of a minute to Prometheus and the begin of one to the history.
    """
    services = {
        name: {
            code: [(at + 7.3, value) for at, value in samples]
            for code, samples in SERVICES[name].items()
        }
        for name in ("steady", "all")
    }
    start, counters = END - 30 * DAY, {"200": availability.EXPECTED, "500": availability.AVAILABLE}
    layout = Layout(tuple((metric, ()) for metric in counters.values()))
    with Database.open(tmp_path) as database:
        history, rollup = SqliteHistory(database), Rollup()
        for name, found in services.items():
            for (at, good), (_, bad) in zip(found["200"], found["500"], strict=True):
                rollup.observe(name, Reading(at=at, layout=layout, values=(good, bad)))
        history.append(rollup.flush(END + 60))
        for code, metric in counters.items():
            steps = Steps(end=END, width=300, count=30 * DAY // 300)
            asked = Gains(counter=Foreign(metric.name), by=("uuid",), steps=steps)
            (tiles,) = EmbeddedCounting(history).count([asked])

            assert not isinstance(tiles, Refused)
            for name, found in services.items():
                sum_ = math.fsum(one for one in tiles[(name,)] if not math.isnan(one))
                assert sum_ == pytest.approx(events([found[code]], start, END), rel=1e-9)
