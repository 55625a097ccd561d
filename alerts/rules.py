"""Alert policies as Prometheus rules."""

from collections.abc import Iterable
from graphlib import TopologicalSorter
from itertools import groupby

from alerts.links import Links
from alerts.policy import KEEP_FIRING, Policy
from catalog.rules.rule import Alert, Group

_LINKS = Links()


def groups(
    policies: Iterable[Policy], keep_firing: str = KEEP_FIRING, links: Links = _LINKS
) -> tuple[Group, ...]:
    """One group per scope; those that the exporter raises too go on for *keep_firing* after their condition.

    What explains an alert is evaluated before it: Alertmanager silences only what comes later.
    """
    ordered = sorted(_explained_last(policies), key=lambda policy: policy.scope)
    return tuple(
        Group(
            name=f"gpuvitals:{scope}",
            rules=tuple(rule(policy, keep_firing, links) for policy in members),
        )
        for scope, members in groupby(ordered, key=lambda policy: policy.scope)
    )


def _explained_last(policies: Iterable[Policy]) -> Iterable[Policy]:
    """*policies* in an order in which none comes before what explains it.

    Raises:
        graphlib.CycleError: two would silence each other.
    """
    known = {policy.name: policy for policy in policies}
    explained = {
        name: [other for other in policy.explained_by if other in known]
        for name, policy in known.items()
    }
    return map(known.__getitem__, TopologicalSorter(explained).static_order())


def rule(policy: Policy, keep_firing: str = KEEP_FIRING, links: Links = _LINKS) -> Alert:
    """The rule of one policy."""
    return Alert(
        name=policy.name,
        expr=policy.expr,
        lasting=policy.lasting,
        keep_firing=keep_firing if policy.direct else "",
        labels={"severity": policy.severity.value, "scope": policy.scope.value},
        annotations={
            "summary": policy.meaning,
            "description": " ".join(filter(None, (policy.meaning, policy.value, policy.action))),
            **links.annotations(policy.name, policy.identity),
        },
    )
