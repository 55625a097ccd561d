"""All rules of an objective: tiles and what is summed from them every five minutes, burn rates at every evaluation."""

from catalog.rules.rule import Group
from slo import alerts, budget, burn, states, tiles
from slo.objective import Objective


def groups(objective: Objective) -> tuple[Group, ...]:
    """Two groups; the rules of one are evaluated in their order."""
    return (
        Group(
            name=f"slo:{objective.name}:tiles",
            interval=tiles.EVERY,
            rules=(
                *tiles.records(objective),
                *budget.records(objective),
                *burn.rates(objective, burn.SLOW),
            ),
        ),
        Group(
            name=f"slo:{objective.name}:burn",
            rules=(
                *burn.recent(objective),
                *burn.rates(objective, burn.QUICK),
                *burn.conditions(objective),
                budget.exhaustion(objective),
                *states.records(objective),
                *alerts.alerts(objective),
            ),
        ),
    )
