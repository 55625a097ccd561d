"""Which alert silences which, from what the policies say explains them.

Alertmanager takes a label that is missing on both sides for equal. A rule that asks for the same node would so let one alert
without a node silence every other without one; therefore each label that must be equal must also be there.
"""

from collections.abc import Iterable
from itertools import groupby

from alerts.alertmanager.routes import CLUSTER
from alerts.policy import IDENTITY, Policy, Scope
from catalog.errors import CatalogError


def rules(policies: Iterable[Policy]) -> tuple[dict[str, object], ...]:
    """The inhibition rules, in the order of the alerts that they silence."""
    known = {policy.name: policy for policy in policies}
    return tuple(
        _rule(target, tuple(names), shared)
        for _, target in sorted(known.items())
        for shared, names in _sources(target, known)
    )


def _sources(
    target: Policy, known: dict[str, Policy]
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """What explains *target*, by the labels that say that both are about the same thing."""
    pairs = sorted((_shared(known[name], target), name) for name in target.explained_by)
    return tuple(
        (shared, tuple(name for _, name in group))
        for shared, group in groupby(pairs, key=lambda pair: pair[0])
    )


def _shared(source: Policy, target: Policy) -> tuple[str, ...]:
    """The labels in which both must agree.

    Raises:
        CatalogError: there are none, so that one alert would silence those of every node.
    """
    theirs = IDENTITY[target.scope]
    shared = tuple(label for label in IDENTITY[source.scope] if label in theirs)
    if not shared and target.scope is not Scope.FLEET:
        raise CatalogError(
            f"{source.name} explains {target.name}, but is about no node: it would silence all"
        )
    return shared


def _rule(target: Policy, names: tuple[str, ...], shared: tuple[str, ...]) -> dict[str, object]:
    there = tuple(f'{label}!=""' for label in shared)
    return {
        "source_matchers": (_alertname(names), *there),
        "target_matchers": (_alertname((target.name,)), *there),
        "equal": (CLUSTER, *shared),
    }


def _alertname(names: tuple[str, ...]) -> str:
    return f'alertname="{names[0]}"' if len(names) == 1 else f'alertname=~"{"|".join(names)}"'
