"""Our results under the names and labels of Sloth, for dashboards and tools that were made for it.

https://github.com/slok/sloth/tree/v0.16.0/pkg/common/conventions
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from catalog.promql.expr import Call, Expr, Number
from catalog.rules.rule import Alert, Group, Record
from slo import burn, names, rules, tiles
from slo.objective import Objective
from slo.tier import QUICK, SLOW

ERROR_RATIO = "slo:sli_error:ratio_rate"
"""The share of bad events; the window follows."""
OBJECTIVE = "slo:objective:ratio"
ERROR_BUDGET = "slo:error_budget:ratio"
PERIOD_DAYS = "slo:time_period:days"
CURRENT_BURN_RATE = "slo:current_burn_rate:ratio"
PERIOD_BURN_RATE = "slo:period_burn_rate:ratio"
PERIOD_REMAINING = "slo:period_error_budget_remaining:ratio"
INFO = "sloth_slo_info"

ID = "sloth_id"
SERVICE = "sloth_service"
NAME = "sloth_slo"
WINDOW = "sloth_window"
SEVERITY = "sloth_severity"

_RELEASE = "v0.16.0"
"""Whose conventions these are."""
_NOW = "5m"
_UNITS = ((365, "y"), (7, "w"))


def groups(objective: Objective) -> tuple[Group, ...]:
    """Our rules, and with the burn rates, at the same moment, what they found once more."""
    *others, last = (_labelled(group, objective) for group in rules.groups(objective))
    return (*others, replace(last, rules=(*last.rules, *_records(objective))))


def identity(objective: Objective) -> Mapping[str, str]:
    """The labels by which Sloth tells one objective from another."""
    return {
        ID: f"{objective.service}-{objective.name}",
        SERVICE: objective.service,
        NAME: objective.name,
    }


def period(days: int) -> str:
    """How Sloth writes a window of so many days: whole years and weeks as such."""
    return next((f"{days // size}{unit}" for size, unit in _UNITS if not days % size), f"{days}d")


def _labelled(group: Group, objective: Objective) -> Group:
    return replace(group, rules=tuple(_told(rule, objective) for rule in group.rules))


def _told(rule: Record | Alert, objective: Objective) -> Record | Alert:
    if isinstance(rule, Record):
        return rule
    own = {**identity(objective), SEVERITY: rule.labels[names.SEVERITY]}
    return replace(rule, labels={**rule.labels, **own})


def _records(objective: Objective) -> Iterator[Record]:
    yield from _ratios(objective)
    for name, value in (
        (OBJECTIVE, objective.target),
        (ERROR_BUDGET, objective.budget),
        (PERIOD_DAYS, objective.days),
    ):
        yield _record(objective, name, _constant(value))
    left = tiles.latest(names.BUDGET_REMAINING, objective)
    yield _record(objective, CURRENT_BURN_RATE, burn.rate(objective, _NOW))
    yield _record(objective, PERIOD_BURN_RATE, Number(1) - left)
    yield _record(objective, PERIOD_REMAINING, left)
    yield _record(objective, INFO, _constant(1), **_info(objective))


def _ratios(objective: Objective) -> Iterator[Record]:
    left = tiles.latest(names.BUDGET_REMAINING, objective)
    found: dict[str, Expr] = {
        **{window: burn.rate(objective, window) for window in (*QUICK, *SLOW)},
        period(objective.days): Number(1) - left,
    }
    for window, speed in found.items():
        ratio = speed * objective.budget
        yield _record(objective, f"{ERROR_RATIO}{window}", ratio, **{WINDOW: window})


def _record(objective: Objective, name: str, expr: Expr, **labels: str) -> Record:
    return Record(name=name, expr=expr, labels={**identity(objective), **labels})


def _constant(value: float) -> Expr:
    return Call("vector", (Number(value),))


def _info(objective: Objective) -> Mapping[str, str]:
    return {
        "sloth_version": _RELEASE,
        "sloth_mode": "gpuvitals",
        "sloth_spec": "openslo/v1",
        "sloth_objective": f"{objective.target * 100:.12g}",
    }
