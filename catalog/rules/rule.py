"""What a rule is: a series that is recorded, or an alert; and a group of them that is evaluated together.

https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog.errors import CatalogError
from catalog.promql.expr import Expr

_RECORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_ALERT = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A series that a rule writes.

    Raises:
        CatalogError: the name is none that Prometheus takes.
    """

    name: str
    expr: Expr
    labels: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        if not _RECORD.match(self.name):
            raise CatalogError(f"{self.name!r} is not the name of a recorded series")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert.

    Attributes:
        lasting: how long it must hold before it fires (`for`); empty is at once.
        keep_firing: how long it goes on firing after its condition ended.

    Raises:
        CatalogError: the name is not CamelCase, or a label's value changes with the value of the expression.
    """

    name: str
    expr: Expr
    lasting: str = ""
    keep_firing: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NONE)
    annotations: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        if not _ALERT.match(self.name):
            raise CatalogError(f"{self.name!r} is not the name of an alert")
        for name, value in self.labels.items():
            if "$value" in value or ".Value" in value:
                raise CatalogError(
                    f"{self.name}: the label {name} would be another alert each time"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated in their order; those of another group may be older.

    Attributes:
        interval: how often; empty is the server's own.
    """

    name: str
    rules: tuple[Record | Alert, ...]
    interval: str = ""
