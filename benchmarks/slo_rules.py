"""What a ruler touches for our rules and for Sloth's of the same objectives. `python -m benchmarks.slo_rules [--days 30]`.

One Prometheus holds days of scrapes and of what either set of rules recorded from them, in blocks that promtool wrote. Each rule
is asked once as a query at the end of those days; samples and seconds are those that the query API reports.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import Figure, Section, limit, publish
from catalog import yamlfile
from catalog.promql.expr import Foreign
from catalog.rules.files import plain
from slo import names, rules, sloth
from slo.indicator import Ratio
from slo.objective import TILE, Objective
from tests.prometheus import Prometheus
from tests.slo import sloth as theirs
from tests.slo.backfill import Past

EVERY = 30
"""Seconds between scrapes, and between evaluations of groups without an interval of their own."""
END = 1_790_000_100
"""A time when tiles end too."""
DAY = 86_400
_RECENTLY = 6 * 3600
_REPEATS = 3
_MOST = 1 / 3
_BIN = Path(__file__).parents[1] / ".tools" / "bin"
_EVENTS, _ERRORS = 600, 1
"""Per scrape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a file.

    Attributes:
        record: what it records; empty for an alert.
        every: seconds between its evaluations.
    """

    record: str
    labels: Mapping[str, str]
    expr: str
    every: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a set of rules costs.

    Attributes:
        mean: of all evaluation cycles.
        most: of the cycle in which every rule is evaluated.
    """

    mean: float
    most: float


def main(arguments: Sequence[str] = ()) -> None:
    """Fill, ask, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--objectives", type=int, default=20)
    parser.add_argument("--groups", type=int, default=10)
    asked = parser.parse_args(arguments)
    objectives = [_objective(number) for number in range(asked.objectives)]
    clusters = [f"cluster-{number}" for number in range(asked.groups)]
    with tempfile.TemporaryDirectory(prefix="gpuvitals-slo-rules-") as name:
        folder = Path(name)
        sets = _sets(objectives, folder)
        past = Past(_tool, folder)
        past.scrapes(_lines(objectives, clusters, sets, asked.days * DAY))
        with past.server() as prometheus:
            costs = {title: _cost(found, prometheus) for title, found in sets.items()}
    note = (
        f"{asked.objectives} objectives of {asked.groups} groups with two counters each, {asked.days} days of scrapes every {EVERY} s, rules "
        f"evaluated every {EVERY} s, those of tiles every {TILE} s. Seconds are the median of {_REPEATS} queries per rule, summed; rules "
        "run one after the other."
    )
    publish(
        Section(title="SLO rules", note=note, figures=list(_figures(costs))),
        "benchmarks.slo_rules",
        arguments,
    )


def _tool(name: str) -> Path:
    return _BIN / name


def _objective(number: int) -> Objective:
    selector = f'requests_total{{objective="{number}"'
    return Objective(
        name=f"objective-{number}",
        service="ours",
        indicator=Ratio(total=Foreign(f"{selector}}}"), bad=Foreign(f'{selector},code="500"}}')),
        target=0.999,
        by=("cluster",),
    )


# -- the rules -----------------------------------------------------------------------------------------------------------


def _sets(objectives: Sequence[Objective], folder: Path) -> Mapping[str, Sequence[Rule]]:
    """The rules by who made them; what both record under one name differs in the service."""
    ours, ours_too = folder / "ours.yml", folder / "ours-too.yml"
    made = [group for one in objectives for group in rules.groups(one)]
    ours.write_text(plain(made, "gpuvitals", "benchmarks.slo_rules"), encoding="utf-8")
    made = [group for one in objectives for group in sloth.groups(one)]
    ours_too.write_text(plain(made, "gpuvitals", "benchmarks.slo_rules"), encoding="utf-8")
    by_sloth = theirs.rules(_tool("sloth"), objectives, "theirs", folder / "theirs.yml")
    files = {"ours": ours, "ours, --naming sloth": ours_too, "Sloth's": by_sloth}
    return {title: tuple(_read(file)) for title, file in files.items()}


def _read(file: Path) -> Iterator[Rule]:
    document = yamlfile.load(file).value
    assert isinstance(document, dict)  # noqa: S101 - a rule file is one
    for group in document["groups"]:
        every = TILE if group.get("interval") == "5m" else EVERY
        for rule in group["rules"]:
            yield Rule(
                record=rule.get("record", ""),
                labels=rule.get("labels", {}),
                expr=rule["expr"],
                every=every,
            )


# -- the past ------------------------------------------------------------------------------------------------------------


def _lines(
    objectives: Sequence[Objective],
    clusters: Sequence[str],
    sets: Mapping[str, Sequence[Rule]],
    span: int,
) -> Iterator[str]:
    """Scrapes and what was recorded, in OpenMetrics."""
    for number in range(len(objectives)):
        for cluster in clusters:
            yield from _scrapes(f'objective="{number}",cluster="{cluster}"', span)
    recorded = {
        series: rule.record
        for found in sets.values()
        for rule in found
        if rule.record
        for series in _recorded(rule, clusters)
    }
    for series, record in recorded.items():
        value, every, since = _history(record, span)
        yield from (f"{series} {value:g} {at}\n" for at in range(END - since, END, every))
    yield "# EOF\n"


def _scrapes(labels: str, span: int) -> Iterator[str]:
    for code, rate in (("200", _EVENTS - _ERRORS), ("500", _ERRORS)):
        series = f'requests_total{{{labels},code="{code}"}}'
        for step in range(span // EVERY + 1):
            yield f"{series} {step * rate} {END - span + step * EVERY}\n"


def _recorded(rule: Rule, clusters: Sequence[str]) -> Iterator[str]:
    own = [f'{name}="{value}"' for name, value in rule.labels.items()]
    grouped = not rule.expr.startswith("vector(")
    for group in [f'cluster="{cluster}"' for cluster in clusters] if grouped else [""]:
        yield f"{rule.record}{{{','.join(filter(None, (*own, group)))}}}"


def _history(record: str, span: int) -> tuple[float, int, int]:
    """The value of a recorded series, how often it was recorded, and for how long: as long as any rule looks back."""
    scrapes = TILE / EVERY
    share = _ERRORS / _EVENTS
    return {
        names.TOTAL_TILE: (_EVENTS * scrapes, TILE, span),
        names.BAD_TILE: (_ERRORS * scrapes, TILE, span),
        names.TOTAL_RECENT: (_EVENTS * scrapes, EVERY, _RECENTLY),
        names.BAD_RECENT: (_ERRORS * scrapes, EVERY, _RECENTLY),
        f"{sloth.ERROR_RATIO}5m": (share, EVERY, span),
    }.get(record, (share, EVERY, TILE))


# -- what it costs -------------------------------------------------------------------------------------------------------


def _cost(found: Sequence[Rule], prometheus: Prometheus) -> tuple[Cost, Cost]:
    """Samples and seconds of an evaluation cycle."""
    costs = [(rule.every, *_of(rule, prometheus)) for rule in found]
    samples, seconds = (
        Cost(
            mean=sum(cost[kind] * EVERY / cost[0] for cost in costs),
            most=sum(cost[kind] for cost in costs),
        )
        for kind in (1, 2)
    )
    return samples, seconds


def _of(rule: Rule, prometheus: Prometheus) -> tuple[int, float]:
    asked = [prometheus.cost(rule.expr, END) for _ in range(_REPEATS)]
    return asked[0][0], statistics.median(seconds for _, seconds in asked)


def _figures(costs: Mapping[str, tuple[Cost, Cost]]) -> Iterator[Figure]:
    for kind, unit in enumerate(("samples", "s")):
        for title, cost in costs.items():
            mean, most = cost[kind].mean, cost[kind].most
            text = f"{mean:,.0f} samples" if unit == "samples" else f"{mean:.3g} s"
            worst = f"{most:,.0f}" if unit == "samples" else f"{most:.3g} s"
            value = f"{text} (with the tiles: {worst})" if most > mean else text
            yield Figure(name=f"{unit} per cycle, {title}", value=value)
    ours, sloths = costs["ours"][0].mean, costs["Sloth's"][0].mean
    yield limit("samples, ours of Sloth's", ours / sloths, _MOST, "")
    ours, sloths = costs["ours"][1].mean, costs["Sloth's"][1].mean
    yield Figure(name="seconds, ours of Sloth's", value=f"{ours / sloths:.3g}")


if __name__ == "__main__":
    main(sys.argv[1:])
