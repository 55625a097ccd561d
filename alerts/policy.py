"""What an alert policy is: when it holds, whom it concerns, what it means and what to do first. The list is `alerts.policies`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from alerts.example import Given
from catalog.errors import CatalogError
from catalog.metrics import allocation
from catalog.promql import functions as q
from catalog.promql.expr import Aggregate, Binary, Expr, Matching

_NAME = re.compile(r"[A-Z][A-Za-z0-9]*\Z")


class Severity(StrEnum):
    """Who is told, and how soon."""

    PAGE = "page"  # somebody is woken
    TICKET = "ticket"  # somebody looks in working hours
    INFO = "info"  # nobody is told; it explains other alerts


class Scope(StrEnum):
    """What one alert is about, hence which labels name it."""

    FLEET = "fleet"
    NODE = "node"
    GPU = "gpu"
    LINK = "link"
    JOB = "job"


IDENTITY: Mapping[Scope, tuple[str, ...]] = MappingProxyType(
    {
        Scope.FLEET: (),
        Scope.NODE: ("node",),
        Scope.GPU: ("node", "uuid"),
        Scope.LINK: ("node", "uuid", "link"),
        Scope.JOB: ("node", "uuid", "namespace", "pod", "container"),
    }
)
KEEP_FIRING = "5m"
"""How long an alert that the exporter may raise goes on after its condition ended; the exporter's own end is as far off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One alert.

    Attributes:
        condition: holds where it has a sample; of a GPU's families, whose node is joined from `gpu_info`.
        labels: those beyond the identity of the scope; together they are all that the alert has.
        example: series that raise it, and that do not, for its tests.
        others: further examples, one for each other way in which the condition may hold, or just not hold.
        value: what the value of the condition is, with `{{ $value }}` in it; empty if it says nothing.
        meaning: one sentence for whoever is woken. `{{ $value }}` and labels may be used.
        action: what to do first, one sentence.
        lasting: how long the condition must hold.
        at_once: why it need not last, where it need not.
        explained_by: alerts of the same GPU or node that say more; while one fires, this one is silent.
        direct: the exporter itself tells Alertmanager, beside Prometheus.
        least: the worst value is the least, not the greatest.
        owned: it is for whoever uses the GPU: their namespace is a label, where one namespace alone has it.

    Raises:
        CatalogError: a part contradicts another.
    """

    name: str
    scope: Scope
    severity: Severity
    condition: Expr
    meaning: str
    action: str
    example: tuple[Given, ...] = ()
    others: tuple[tuple[Given, ...], ...] = ()
    value: str = ""
    labels: tuple[str, ...] = ()
    lasting: str = ""
    at_once: str = ""
    explained_by: tuple[str, ...] = ()
    direct: bool = False
    least: bool = False
    owned: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise CatalogError(f"{self.name!r} is not the name of an alert")
        if bool(self.lasting) == bool(self.at_once):
            raise CatalogError(f"{self.name} must say how long it lasts, or why it need not")
        if self.direct and self.lasting:
            raise CatalogError(
                f"{self.name}: what the exporter tells at once must not have to last"
            )
        if self.owned and self.scope is not Scope.GPU:
            raise CatalogError(f"{self.name}: only what is about a GPU has an owner")
        for text in (self.meaning, self.action):
            if not text.endswith("."):
                raise CatalogError(f"{self.name}: {text!r} must be a sentence")

    @property
    def examples(self) -> tuple[tuple[Given, ...], ...]:
        """Every example; none of what always holds."""
        return (self.example, *self.others) if self.example else ()

    @property
    def identity(self) -> tuple[str, ...]:
        """All labels of the alert beside its name, severity and scope."""
        return (*IDENTITY[self.scope], *self.labels)

    @property
    def expr(self) -> Expr:
        """The condition with the labels of `identity` and no others: none of the target's survives."""
        operator = "min" if self.least else "max"
        if self.scope in (Scope.FLEET, Scope.NODE):
            return Aggregate(operator, self.identity, self.condition)
        # By target: a GPU that two exporters report, of two nodes, would end the query with an error, for every GPU.
        own = ("instance", *(label for label in self.identity if label != "node"))
        found = Aggregate(
            operator,
            self.identity,
            q.joined(Aggregate(operator, own, self.condition), "node", on=("instance", "uuid")),
        )
        return _with_owner(found) if self.owned else found


def _with_owner(of: Expr) -> Expr:
    """*of* with the namespace that has the GPU; without it where none has, or several share it."""
    holders = q.greatest(q.select(allocation.INFO, namespace="!="), "uuid", "namespace")
    alone = holders.and_on(q.count(holders, "uuid").equals(1), "uuid")
    theirs = Binary("*", of, alone, Matching(("uuid",), ("namespace",)))
    return Binary("or", theirs, of, Matching(("uuid",)))
