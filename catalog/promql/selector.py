"""What a selector that somebody wrote selects: the name of a metric, and what its labels must be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.errors import ConfigError
from catalog.promql.expr import Foreign, Recorded, Select, Series

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_TEXT = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
_MATCHER = rf"([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*({_TEXT})"
_WHOLE = re.compile(
    rf"({NAME})(?:\s*\{{((?:\s*{_MATCHER}\s*(?:,\s*{_MATCHER}\s*)*,?)?\s*)\}})?\s*"
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = {"n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """What one label must be, or must not be.

    Attributes:
        sign: `=`, `!=`, `=~` or `!~`, as PromQL has them.
    """

    label: str
    sign: str
    value: str

    def accepts(self, value: str) -> bool:
        """Whether a label with *value* is selected; a label that is not there is empty."""
        if self.sign in ("=~", "!~"):
            return (re.fullmatch(self.value, value) is not None) == (self.sign == "=~")
        return (self.value == value) == (self.sign == "=")


@dataclass(frozen=True, slots=True)
class Selected:
    """A selector, taken apart."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Whether the series with *labels* is selected."""
        return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in self.matchers)


def selected(series: Series) -> Selected:
    """What *series* selects, the job left out.

    Raises:
        ConfigError: it is more than a selector.
    """
    match series:
        case Foreign(selector=written):
            return parse(written)
        case Select(metric=metric, part=part):
            return Selected(f"{metric.name}{part}", _matchers(series.matchers))
        case Recorded(name=name):
            return Selected(name, _matchers(series.matchers))


def parse(written: str) -> Selected:
    """What the text *written* selects.

    Raises:
        ConfigError: it is no selector.
    """
    found = _WHOLE.fullmatch(written.strip())
    if found is None:
        raise ConfigError(f"{written!r} is not the selector of one metric")
    pairs = re.findall(_MATCHER, found[2] or "")
    return Selected(
        found[1], tuple(Matcher(label, sign, _text(text)) for label, sign, text in pairs)
    )


def _text(quoted: str) -> str:
    return _ESCAPED.sub(lambda found: _SPECIAL.get(found[1], found[1]), quoted[1:-1])


def _matchers(written: Mapping[str, str]) -> tuple[Matcher, ...]:
    return tuple(_matcher(label, value) for label, value in written.items())


def _matcher(label: str, value: str) -> Matcher:
    sign = next((sign for sign in ("=~", "!~", "!=") if value.startswith(sign)), "=")
    return Matcher(label, sign, value.removeprefix(sign) if sign != "=" else value)
