"""Which alerts hold now, by the rules' own expressions over our own newest samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alerts.annotations import render
from alerts.links import Links
from alerts.policy import Policy
from alerts.rules import rule
from catalog.errors import CatalogError
from catalog.metric import Metric, Scope
from catalog.promql import instant
from catalog.promql.expr import Expr
from catalog.promql.instant import Labels
from catalog.rules.rule import Alert as Rule
from catalog.snapshot import Reading, Snapshot
from exporter.exposition import liveness


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert that holds.

    Attributes:
        labels: all that make it this one and no other, in both senders' eyes.
        identity: which of them say what it is about, external labels left out.
        since: when we first saw it hold, seconds since 1970.
        explicable: others may explain it, which silences it.
    """

    labels: Labels
    identity: tuple[str, ...]
    annotations: Mapping[str, str]
    since: float
    explicable: bool = False


class Conditions:
    """Looks at snapshots.

    Args:
        policies: those that the exporter may raise.
        external: labels that Prometheus adds.
        links: where annotations lead.

    Raises:
        CatalogError: a policy cannot be told from our own newest samples.
    """

    def __init__(
        self, policies: Iterable[Policy], external: Mapping[str, str], links: Links
    ) -> None:
        self._external = external
        self._rules = tuple((policy, rule(policy, links=links)) for policy in policies)
        self._wanted = frozenset(
            select.metric for _, one in self._rules for select in one.expr.selects()
        )
        for metric in self._wanted:
            if metric.scope is Scope.EXPORTER:
                raise CatalogError(f"{metric.name} is no sample of a GPU or node")
        self._since: dict[Labels, float] = {}
        self.look(Snapshot(), 0.0)

    def look(self, snapshot: Snapshot, now: float) -> tuple[Alert, ...]:
        """The alerts that hold in *snapshot* at *now*."""
        samples = _samples(snapshot, self._wanted)
        found = tuple(
            self._alert(policy, made, dict(labels), value, now)
            for policy, made in self._rules
            for labels, value in _answer(made.expr, samples, now)
        )
        self._since = {alert.labels: alert.since for alert in found}
        return found

    def _alert(
        self, policy: Policy, made: Rule, own: dict[str, str], value: float, now: float
    ) -> Alert:
        # A label of the alert itself wins over an external one, as in Prometheus.
        every = {**self._external, **own, **made.labels, "alertname": made.name}
        labels = frozenset((name, text) for name, text in every.items() if text)
        annotations = {
            name: render(template, own, value, now) for name, template in made.annotations.items()
        }
        return Alert(
            labels=labels,
            identity=("alertname", *policy.identity),
            annotations=MappingProxyType(annotations),
            since=self._since.get(labels, now),
            explicable=bool(policy.explained_by),
        )


_Samples = dict[Metric, list[tuple[Labels, float]]]


def _answer(expr: Expr, samples: _Samples, now: float) -> Iterable[tuple[Labels, float]]:
    return instant.vector(expr, lambda metric: samples[metric], now).items()


def _samples(snapshot: Snapshot, wanted: frozenset[Metric]) -> _Samples:
    """The samples of the *wanted* families, with the labels that they are exported with."""
    found: _Samples = {metric: [] for metric in wanted}
    for view in snapshot.gpus.values():
        who = (("gpu", str(view.identity.index)), ("uuid", view.identity.uuid))
        for reading in (liveness(view), *view.current()):
            _collect(reading, who, found)
    for reading in snapshot.node.values():
        _collect(reading, (), found)
    return found


def _collect(reading: Reading, who: tuple[tuple[str, str], ...], found: _Samples) -> None:
    for (metric, labels), value in zip(reading.layout.series, reading.values, strict=True):
        if metric in found:
            own = zip(metric.series_labels, labels, strict=True)
            found[metric].append((frozenset((*who, *own)), value))
