"""Alert policies as Prometheus rules."""

from collections.abc import Iterable
from itertools import groupby

from alerts.policy import KEEP_FIRING, Policy
from catalog.rules.rule import Alert, Group

RUNBOOKS = "https://gpuvitals.dev/runbooks/"


def groups(policies: Iterable[Policy]) -> tuple[Group, ...]:
    """One group per scope."""
    ordered = sorted(policies, key=lambda policy: policy.scope)
    return tuple(
        Group(name=f"gpuvitals:{scope}", rules=tuple(map(rule, members)))
        for scope, members in groupby(ordered, key=lambda policy: policy.scope)
    )


def rule(policy: Policy) -> Alert:
    """The rule of one policy."""
    return Alert(
        name=policy.name,
        expr=policy.expr,
        lasting=policy.lasting,
        keep_firing=KEEP_FIRING if policy.direct else "",
        labels={"severity": policy.severity.value, "scope": policy.scope.value},
        annotations={
            "summary": policy.meaning,
            "description": policy.action,
            "runbook_url": f"{RUNBOOKS}{policy.name}",
        },
    )
