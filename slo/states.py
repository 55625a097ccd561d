"""The state of each group, as a metric: the first that holds."""

from collections.abc import Iterator

from catalog.promql.expr import Aggregate, Expr, Number, Recorded
from catalog.rules.rule import Record
from slo import names, silence, tiles
from slo.objective import TILE, Objective
from slo.tier import SECONDS

STATES = ("no_data", "warming_up", "exhausted", "burning", "idle", "ok")
_WARM = "6h"
"""Until half of it is covered, a group has no past to be judged by."""
_IDLE = "1h"


def records(objective: Objective) -> Iterator[Record]:
    """The number of the state that holds, then one 0/1 series per state."""
    labels = {names.SLO: objective.name}
    holding = tuple(expr * 0 + number for number, expr in enumerate(_conditions(objective)))
    code: Expr = holding[0]
    for expr in holding[1:]:
        code = code.or_(expr)
    yield Record(name=names.STATE_CODE, labels=labels, expr=code)
    now = Aggregate("sum", objective.by, Recorded(names.STATE_CODE, labels))
    for number, state in enumerate(STATES):
        yield Record(
            name=names.STATE, labels={**labels, names.STATE_LABEL: state}, expr=now.is_(number)
        )


def _conditions(objective: Objective) -> tuple[Expr, ...]:
    """In the order of `STATES`: a series per group that is so."""
    by, labels = objective.by, {names.SLO: objective.name}
    fresh = tiles.fresh(objective)
    covered = tiles.number(objective, _WARM)
    burning = (Recorded(names.burning(tier.name), labels) for tier in objective.tiers)
    alarms: Expr = Number(0)
    for alarm in burning:
        alarms = Aggregate("sum", by, alarm) + alarms
    return (
        silence.expected(objective).unless(fresh),
        covered < SECONDS[_WARM] / TILE / 2,
        tiles.latest(names.BUDGET_REMAINING, objective) <= 0,
        alarms > 0,
        tiles.over(names.TOTAL_TILE, objective, _IDLE).equals(0),
        fresh,
    )
