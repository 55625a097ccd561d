"""What a PromQL expression is made of: a tree that renders itself for one scrape job and knows what it selects.

The job is given when it is rendered, since other exporters use some of our names too and an operator may name the job
as he likes. Operators are Python's: `+ - * / %`, `> >= < <=`, and the methods `equals`, `and_on`, `or_`, `unless_on`.
https://prometheus.io/docs/prometheus/latest/querying/operators/
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import TypeAlias

from catalog.errors import CatalogError
from catalog.metric import Kind, Metric

_DURATION = re.compile(r"(\d+(ms|[smhdwy]))+\Z")
_PARTS = ("", "_bucket", "_sum", "_count")


class _Binds(IntEnum):
    """How tightly an operator binds; what binds less is put in parentheses inside what binds more."""

    OR = 1
    AND = 2
    COMPARE = 3
    ADD = 4
    MULTIPLY = 5
    TIGHT = 6


_OPERATORS = {
    "or": _Binds.OR,
    "and": _Binds.AND,
    "unless": _Binds.AND,
    **dict.fromkeys((">", ">=", "<", "<=", "==", "!="), _Binds.COMPARE),
    "+": _Binds.ADD,
    "-": _Binds.ADD,
    "*": _Binds.MULTIPLY,
    "/": _Binds.MULTIPLY,
    "%": _Binds.MULTIPLY,
}

Operand: TypeAlias = "Expr | float"


class Expr(ABC):
    """Any expression."""

    __slots__ = ()

    @property
    def binds(self) -> _Binds:
        """How tightly it holds together."""
        return _Binds.TIGHT

    @abstractmethod
    def text(self, job: str) -> str:
        """The PromQL, where every selector of ours carries *job*."""

    def parts(self) -> tuple["Expr", ...]:
        """The expressions it is made of."""
        return ()

    def selects(self) -> Iterator["Select"]:
        """Every selector in it."""
        for part in self.parts():
            yield from part.selects()

    def __add__(self, other: "Operand") -> "Binary":
        return Binary("+", self, _expr(other))

    def __sub__(self, other: "Operand") -> "Binary":
        return Binary("-", self, _expr(other))

    def __mul__(self, other: "Operand") -> "Binary":
        return Binary("*", self, _expr(other))

    def __truediv__(self, other: "Operand") -> "Binary":
        return Binary("/", self, _expr(other))

    def __mod__(self, other: "Operand") -> "Binary":
        return Binary("%", self, _expr(other))

    def __gt__(self, other: "Operand") -> "Binary":
        return Binary(">", self, _expr(other))

    def __ge__(self, other: "Operand") -> "Binary":
        return Binary(">=", self, _expr(other))

    def __lt__(self, other: "Operand") -> "Binary":
        return Binary("<", self, _expr(other))

    def __le__(self, other: "Operand") -> "Binary":
        return Binary("<=", self, _expr(other))

    def equals(self, other: "Operand") -> "Binary":
        return Binary("==", self, _expr(other))

    def is_(self, other: "Operand") -> "Binary":
        """1 where it equals *other*, else 0."""
        return Binary("== bool", self, _expr(other))

    def reaches(self, other: "Operand") -> "Binary":
        """1 where it is at least *other*, else 0."""
        return Binary(">= bool", self, _expr(other))

    def or_(self, other: "Expr") -> "Binary":
        return Binary("or", self, other)

    def and_on(self, other: "Expr", *labels: str) -> "Binary":
        return Binary("and", self, other, Matching(labels))

    def unless_on(self, other: "Expr", *labels: str) -> "Binary":
        return Binary("unless", self, other, Matching(labels))

    def and_(self, other: "Expr") -> "Binary":
        return Binary("and", self, other)

    def unless(self, other: "Expr") -> "Binary":
        return Binary("unless", self, other)


def _expr(value: "Operand") -> Expr:
    return value if isinstance(value, Expr) else Number(float(value))


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """A constant."""

    value: float

    def text(self, job: str) -> str:  # noqa: ARG002 - a number is the same in every job
        return f"{self.value:.15g}"


@dataclass(frozen=True, slots=True)
class Select(Expr):
    """The series of one family, with *matchers* on its labels: `=` unless the value begins with an operator.

    Attributes:
        window: makes it a range vector.
        part: of a histogram: `_bucket`, `_sum` or `_count`.

    Raises:
        CatalogError: the family has no such label, so that it could never match, or the window is no duration.
    """

    metric: Metric
    matchers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    window: str = ""
    offset: str = ""
    part: str = ""

    def __post_init__(self) -> None:
        known = {*self.metric.all_labels, *(("le",) if self.part == "_bucket" else ())}
        if unknown := self.matchers.keys() - known:
            raise CatalogError(f"{self.metric.name} has no label {min(unknown)}")
        if (self.metric.kind is Kind.HISTOGRAM) != bool(self.part) or self.part not in _PARTS:
            raise CatalogError(f"{self.metric.name}{self.part} is no series of {self.metric.name}")
        for duration in filter(None, (self.window, self.offset)):
            if not _DURATION.match(duration):
                raise CatalogError(f"{duration!r} is not a duration such as 5m")

    def over(self, window: str, offset: str = "") -> "Select":
        """The same series over *window*."""
        return replace(self, window=window, offset=offset)

    def selects(self) -> Iterator["Select"]:
        yield self

    def text(self, job: str) -> str:
        pairs = [f'job="{_escape(job)}"', *(_matcher(*pair) for pair in self.matchers.items())]
        window = f"[{self.window}]" if self.window else ""
        offset = f" offset {self.offset}" if self.offset else ""
        return f"{self.metric.name}{self.part}{{{','.join(pairs)}}}{window}{offset}"


def _matcher(label: str, value: str) -> str:
    operator = next((sign for sign in ("=~", "!~", "!=") if value.startswith(sign)), "")
    return f'{label}{operator or "="}"{_escape(value.removeprefix(operator))}"'


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass(frozen=True, slots=True)
class Recorded(Expr):
    """A series that a recording rule writes; its name says which, and it carries no job of ours."""

    name: str
    matchers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    window: str = ""
    offset: str = ""

    def over(self, window: str, offset: str = "") -> "Recorded":
        """The same series over *window*."""
        return replace(self, window=window, offset=offset)

    def text(self, job: str) -> str:  # noqa: ARG002 - rules write no job
        pairs = ",".join(_matcher(*pair) for pair in self.matchers.items())
        window = f"[{self.window}]" if self.window else ""
        offset = f" offset {self.offset}" if self.offset else ""
        return f"{self.name}{f'{{{pairs}}}' if pairs else ''}{window}{offset}"


@dataclass(frozen=True, slots=True)
class Foreign(Expr):
    """A selector that a user wrote, of a metric that is not ours."""

    selector: str
    window: str = ""
    offset: str = ""

    def over(self, window: str, offset: str = "") -> "Foreign":
        """The same series over *window*."""
        return replace(self, window=window, offset=offset)

    def text(self, job: str) -> str:  # noqa: ARG002 - it is the user's
        window = f"[{self.window}]" if self.window else ""
        offset = f" offset {self.offset}" if self.offset else ""
        return f"{self.selector}{window}{offset}"


@dataclass(frozen=True, slots=True)
class Raw(Expr):
    """PromQL that a user wrote; nothing is known of it."""

    promql: str

    @property
    def binds(self) -> _Binds:
        return _Binds.OR

    def text(self, job: str) -> str:  # noqa: ARG002 - it is the user's
        return self.promql


Series: TypeAlias = Select | Recorded | Foreign
"""What a window can be laid over."""


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function of expressions."""

    function: str
    arguments: tuple[Expr, ...]

    def parts(self) -> tuple[Expr, ...]:
        return self.arguments

    def text(self, job: str) -> str:
        return f"{self.function}({', '.join(argument.text(job) for argument in self.arguments)})"


@dataclass(frozen=True, slots=True)
class Subquery(Expr):
    """What an expression was at each *step* of the *window* that ends now, or ended at *until*: values that nothing recorded."""

    of: Expr
    window: str
    step: str
    until: float | None = None

    def parts(self) -> tuple[Expr, ...]:
        return (self.of,)

    def text(self, job: str) -> str:
        until = f" @ {self.until:.3f}" if self.until is not None else ""
        return f"({self.of.text(job)})[{self.window}:{self.step}]{until}"


@dataclass(frozen=True, slots=True)
class Aggregate(Expr):
    """One series per value of the labels *by*; of some operators so many as *parameter* says."""

    operator: str
    by: tuple[str, ...]
    of: Expr
    parameter: int | None = None

    def parts(self) -> tuple[Expr, ...]:
        return (self.of,)

    def text(self, job: str) -> str:
        by = f" by ({', '.join(self.by)}) " if self.by else ""
        first = "" if self.parameter is None else f"{self.parameter}, "
        return f"{self.operator}{by}({first}{self.of.text(job)})"


@dataclass(frozen=True, slots=True)
class Matching:
    """Which labels two sides share; `left` names what a many-to-one join takes over from its one side."""

    on: tuple[str, ...]
    left: tuple[str, ...] | None = None

    def text(self) -> str:
        group = "" if self.left is None else f" group_left ({', '.join(self.left)})"
        return f" on ({', '.join(self.on)}){group}"


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """Two expressions and an operator between them."""

    operator: str
    one: Expr
    other: Expr
    matching: Matching | None = None

    @property
    def binds(self) -> _Binds:
        return _OPERATORS[self.operator.removesuffix(" bool")]

    def parts(self) -> tuple[Expr, ...]:
        return self.one, self.other

    def text(self, job: str) -> str:
        matching = self.matching.text() if self.matching else ""
        return f"{self._side(self.one, job)} {self.operator}{matching} {self._side(self.other, job, right=True)}"

    def _side(self, part: Expr, job: str, *, right: bool = False) -> str:
        text = part.text(job)
        looser = part.binds < self.binds or (right and part.binds == self.binds)
        return f"({text})" if looser else text
