"""How objectives stand, as JSON: what `gpuvitals slo status --format json` prints and `/api/v1/slo` answers."""

from typing import Any

from slo.objective import Objective
from slo.status import GroupStatus, ObjectiveStatus
from slo.statuses import Standing


def plain(standing: Standing) -> dict[str, Any]:
    """Everything, in values that JSON has."""
    return {
        "at": standing.at,
        "objectives": [_objective(one) for one in standing.objectives],
    }


def _objective(status: ObjectiveStatus) -> dict[str, Any]:
    objective = status.objective
    return {
        "slo": objective.name,
        "service": objective.service,
        "owner": objective.owner,
        "target": objective.target,
        "window": objective.window,
        "source": status.source.value,
        "refused": status.refused or None,
        "groups": [_group(objective, one) for one in status.groups],
    }


def _group(objective: Objective, status: GroupStatus) -> dict[str, Any]:
    return {
        "labels": dict(zip(objective.by, status.group, strict=True)),
        "state": status.state,
        "sli": status.sli,
        "events": status.events,
        "bad_events": status.bad_events,
        "budget_remaining": status.remaining,
        "burn_rates": dict(status.burn_rates),
        "exhaustion_seconds": status.exhaustion_seconds,
        "coverage": status.coverage,
        "measured": None
        if status.measured is None
        else {
            "events": status.measured.events,
            "bad_events": status.measured.bad_events,
            "budget_remaining": status.measured.remaining,
        },
    }
