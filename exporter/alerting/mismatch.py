"""Whether Prometheus raises the same alerts under other labels, so that each would be told twice."""

import re
from collections.abc import Iterable

from catalog.promql.instant import Labels
from exporter.alerting.conditions import Alert


def filters(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """What asks Alertmanager for every alert that may be one of *alerts* under other labels."""
    own = [dict(alert.labels) for alert in alerts]
    asked = [_any("alertname", {labels["alertname"] for labels in own})]
    if all("uuid" in labels for labels in own):
        asked.append(_any("uuid", {labels["uuid"] for labels in own}))
    return tuple(asked)


def mismatches(alerts: Iterable[Alert], held: Iterable[Labels]) -> frozenset[Labels]:
    """Those of *held* that are about the same as one of *alerts* and have other labels."""
    ours = tuple(alerts)
    same = {alert.labels for alert in ours}
    return frozenset(
        theirs
        for theirs in held
        if theirs not in same and any(_about(alert, dict(theirs)) for alert in ours)
    )


def _about(alert: Alert, theirs: dict[str, str]) -> bool:
    """Whether *theirs* is about the same thing: a UUID says which GPU, whatever became of its node's name."""
    own = dict(alert.labels)
    names = [name for name in alert.identity if name != "node" or "uuid" not in own]
    return all(theirs.get(name) in (None, own.get(name)) for name in names)


def _any(label: str, values: set[str]) -> str:
    pattern = "|".join(re.escape(value).replace(r"\-", "-") for value in sorted(values))
    return f'{label}=~"{pattern.replace(chr(92), chr(92) * 2)}"'
