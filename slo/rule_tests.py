"""Tests of an objective's rules for `promtool test rules`: its scenarios as series, and what the rules should say of them.

promtool evaluates every rule in the same rhythm, whatever its group says: five minutes here, so that a slice of time is
judged once in each tile.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from catalog.errors import ConfigError
from catalog.promql.selector import parse
from slo import example, names
from slo.calendar import starts
from slo.example import Line
from slo.expectation import Expectation, Firing
from slo.indicator import Ratio, Slices
from slo.objective import TILE, Objective
from slo.rules import groups
from slo.scenario import Scenario, Step, scenarios

_STEP = 30
"""Seconds between samples: the shortest window that our rules look at is a minute."""
_SAMPLES = TILE // _STEP
_ALERTS = "SloBurning|SloNoData|SloBucketMissing"
_PARTS = ("a", "b", "c", "d")
_A_MINUTE = 1000.0
"""Events of each part of a group; a multiple of it if an alert needs more."""


_SINCE = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
"""Rules know the windows of the calendar of that time."""
_HOUR, _DAY, _WEEK = 3600, 86_400, 604_800
_DIGITS = 6
"""To which budgets are compared: promtool's own tolerance is of the last bit."""


def document(objectives: Iterable[Objective], rules: str) -> dict[str, object]:
    """The test file for the rule file called *rules*.

    Raises:
        ConfigError: the series of an indicator are not known.
    """
    found = tuple(objectives)
    return {
        "rule_files": [rules],
        "evaluation_interval": f"{TILE // 60}m",
        # Otherwise their order is any.
        "group_eval_order": [group.name for one in found for group in groups(one)],
        "fuzzy_compare": True,
        "tests": [
            test for one in found for scenario in scenarios(one) for test in _tests(one, scenario)
        ],
    }


def _tests(objective: Objective, scenario: Scenario) -> Iterator[dict[str, object]]:
    """One, or none if no time of a week is long enough without an exclusion."""
    parts = _lines(objective)
    slices = isinstance(objective.indicator, Slices)
    events = 1.0 if slices else _events(objective) * TILE / 60 * len(parts)
    first = objective.example.starts * 60 // TILE if objective.example else 0
    start = _start(objective, first + len(scenario.steps))
    if start is None:
        return
    begin = start + first * TILE
    expected = Expectation(objective, scenario.steps, events, len(parts), begin)
    group = _group(objective, parts[0])
    yield {
        "name": f"{objective.name}: {scenario.name}",
        "interval": f"{_STEP}s",
        **({"start_timestamp": start} if start else {}),
        "input_series": [
            {"series": line.series, "values": _values(line, scenario.steps, first, leaves=leaves)}
            for number, lines in enumerate(parts)
            for leaves in (number == len(parts) - 1,)
            for line in lines
        ],
        "promql_expr_test": [
            asked
            for check in scenario.checks
            for asked in _asked(objective, expected, check, f"{(first + check) * 5}m", group)
        ],
    }


def _start(objective: Objective, tiles: int) -> int | None:
    """When *tiles* begin of which none is left out, seconds since 1970: in a window of the calendar, if there is one."""
    window = objective.calendar
    base = next((one for one in starts(window) if one >= _SINCE), 0) if window else 0
    every = _DAY if objective.example and objective.example.starts else _HOUR
    for start in range(base, base + _WEEK, every):
        if not any(
            one.when.overlaps(start + tile * TILE, TILE)
            for one in objective.exclusions
            for tile in range(tiles + 1)
        ):
            return start
    return None


def _lines(objective: Objective) -> tuple[tuple[Line, ...], ...]:
    """The series of each part of the group."""
    if objective.example:
        return (objective.example.lines,)
    indicator = objective.indicator
    ratio = indicator if isinstance(indicator, Ratio) else indicator.ratio
    if ratio is None:
        raise ConfigError(
            f"{objective.name}: its indicator is a query, which does not say which series make it good; "
            "name a file of them in the indicator's metadata, gpuvitals.dev/example"
        )
    parts = _PARTS if objective.silent_by else _PARTS[:1]
    return tuple(
        example.of_ratio(
            ratio,
            {**dict.fromkeys(objective.by, "a"), **dict.fromkeys(objective.silent_by, part)},
            _events(objective),
        )
        for part in parts
    )


def _events(objective: Objective) -> float:
    """In a minute."""
    return max(_A_MINUTE, objective.least_events)


def _values(line: Line, steps: Iterable[Step], first: int, *, leaves: bool) -> str:
    """The samples of one series, as promtool reads them.

    A counter begins with the first step, a gauge just after it: what is there as the first step begins belongs to one before.
    """
    written = [f"_x{first * _SAMPLES}"] if first else []
    written.append("0" if line.gains else "_")
    total = 0.0
    for step in steps:
        value = line.good + (line.bad - line.good) * step.bad
        if step.gone and leaves:
            written.append(f"_x{_SAMPLES}")
        elif line.gains:
            gained = 0.0 if step.idle else value * _STEP / 60
            for before in (total, 0.0) if step.restart else (total,):
                count = _SAMPLES // 2 if step.restart else _SAMPLES
                total = before + gained * count
                written.append(_run(before + gained, gained, count))
        else:
            written.append(_run(value, 0.0, _SAMPLES))
    return " ".join(written)


def _run(value: float, gained: float, count: int) -> str:
    return f"{value:.15g}+{gained:.15g}x{count - 1}"


def _group(objective: Objective, lines: Iterable[Line]) -> Mapping[str, str]:
    """The labels of the group that *lines* are of."""
    line = next(iter(lines))
    labels = {matcher.label: matcher.value for matcher in parse(line.series).matchers}
    return {label: labels[label] for label in objective.by if labels.get(label)}


def _asked(
    objective: Objective, expected: Expectation, check: int, at: str, group: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    own = f'{{{names.SLO}="{objective.name}"}}'
    labels = {names.SLO: objective.name, **group}
    alerts = (_alert(firing, labels) for firing in expected.firing(check))
    yield {
        "expr": f'ALERTS{{{names.SLO}="{objective.name}",alertname=~"{_ALERTS}",alertstate="firing"}}',
        "eval_time": at,
        "exp_samples": [_sample(series, 1) for series in alerts],
    }
    state = {**labels, names.STATE_LABEL: expected.state(check)}
    yield {
        "expr": f"{names.STATE}{own} == 1",
        "eval_time": at,
        "exp_samples": [_sample(_series(names.STATE, state), 1)],
    }
    left = round(expected.remaining(check), _DIGITS)
    yield {
        "expr": f"round(last_over_time({names.BUDGET_REMAINING}{own}[11m]), 1e-{_DIGITS})",
        "eval_time": at,
        "exp_samples": [_sample(_series("", labels), left)],
    }


def _alert(firing: Firing, labels: Mapping[str, str]) -> str:
    tier = {names.TIER: firing.tier} if firing.tier else {}
    state = {} if firing.tier else {names.STATE_LABEL: "no_data"}
    every = {
        "alertname": firing.name,
        "alertstate": "firing",
        names.SEVERITY: firing.severity,
        **tier,
        **state,
        **labels,
    }
    return _series("ALERTS", every)


def _series(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}"


def _sample(series: str, value: float) -> dict[str, object]:
    return {"labels": series, "value": value}
