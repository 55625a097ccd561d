"""All rules of an objective: tiles and what is summed from them every five minutes, burn rates at every evaluation."""

from collections.abc import Iterator

from catalog.rules.rule import Group, Record
from slo import alerts, budget, burn, names, policy, silence, states, tiles
from slo.indicator import Slices
from slo.objective import Objective
from slo.tier import QUICK, SLOW


def groups(objective: Objective) -> tuple[Group, ...]:
    """One group per rhythm; the rules of one are evaluated in their order."""
    return (
        *_slices(objective),
        Group(
            name=f"slo:{objective.name}:tiles",
            interval=tiles.EVERY,
            rules=(
                *silence.members(objective),
                *tiles.records(objective),
                *budget.records(objective),
                *burn.rates(objective, SLOW),
            ),
        ),
        Group(
            name=f"slo:{objective.name}:burn",
            rules=(
                *burn.recent(objective),
                *burn.rates(objective, QUICK),
                *burn.conditions(objective),
                budget.exhaustion(objective),
                *states.records(objective),
                *policy.records(objective),
                *alerts.alerts(objective),
                *policy.alerts(objective),
            ),
        ),
    )


def _slices(objective: Objective) -> Iterator[Group]:
    """Slices are judged once each, so they have a rhythm of their own."""
    indicator = objective.indicator
    if isinstance(indicator, Slices):
        yield Group(
            name=f"slo:{objective.name}:slices",
            interval=f"{indicator.every}s",
            rules=(
                Record(name=names.SLICE, labels={names.SLO: objective.name}, expr=indicator.good),
            ),
        )
