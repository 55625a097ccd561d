"""An error-budget policy: what is done when so much of the budget is left (https://sre.google/workbook/error-budget-policy/)."""

from collections.abc import Iterator
from itertools import zip_longest

from catalog.promql.expr import Binary, Number, Recorded
from catalog.rules.rule import Alert, Record
from slo import names, tiles
from slo.objective import Objective
from slo.step import Step, Wakes


def records(objective: Objective) -> Iterator[Record]:
    """Per step of the policy whether it is the one that holds, 1 or 0."""
    left = tiles.latest(names.BUDGET_REMAINING, objective)
    for step, deeper in zip_longest(objective.policy, objective.policy[1:]):
        reached = Binary("<= bool", left, Number(step.remaining))
        if deeper:
            reached = reached * Binary("> bool", left, Number(deeper.remaining))
        yield Record(name=names.POLICY, labels=_labels(objective, step), expr=reached)


def alerts(objective: Objective) -> Iterator[Alert]:
    """An alert per step that wakes somebody; the deepest one that is reached fires, and none while the past is too short."""
    for step in objective.policy:
        if step.wakes is Wakes.NOBODY:
            continue
        labels = _labels(objective, step)
        starting = Recorded(
            names.STATE, {names.SLO: objective.name, names.STATE_LABEL: "warming_up"}
        )
        holds = Recorded(names.POLICY, labels).equals(1)
        yield Alert(
            name="SloBudgetPolicy",
            expr=holds.unless_on(starting.equals(1), *objective.by),
            lasting="10m",
            labels={**labels, names.SEVERITY: step.wakes.value},
            annotations={
                "summary": f"{objective.name}: {step.percent} % or less of the error budget is left",
                "description": step.action,
            },
        )


def _labels(objective: Objective, step: Step) -> dict[str, str]:
    return {names.SLO: objective.name, names.REMAINING: step.percent}
