"""What is measured: counters of events, or slices of time that are good or not."""

import re
from dataclasses import dataclass

from catalog.errors import ConfigError
from catalog.promql.expr import Expr, Foreign, Series

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_MATCHER = r'[a-zA-Z_][a-zA-Z0-9_]*\s*(=~|!~|!=|=)\s*("(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\')'
_SELECTOR = re.compile(rf"{_NAME.pattern}(\s*\{{(\s*{_MATCHER}\s*(,\s*{_MATCHER}\s*)*,?)?\s*\}})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Counters of events: all of them, and either the good or the bad.

    Attributes:
        good, bad: exactly one is given.

    Raises:
        ConfigError: none or both are.
    """

    total: Series
    good: Series | None = None
    bad: Series | None = None

    def __post_init__(self) -> None:
        if (self.good is None) == (self.bad is None):
            raise ConfigError("a ratio needs either good or bad events beside the total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Time, cut into slices of equal length.

    Attributes:
        good: how good the slice that ends now was, per group: 0 to 1, nothing where nobody knows.
        every: the length of a slice in seconds; five minutes hold a whole number of them.
    """

    good: Expr
    every: int = 60

    def __post_init__(self) -> None:
        if self.every <= 0 or 300 % self.every:
            raise ConfigError(
                f"a slice of {self.every} s does not fit into five minutes; take 15, 30, 60 or 300 s"
            )


Indicator = Ratio | Slices


def counter(written: str) -> Foreign:
    """The counter that a user named.

    Raises:
        ConfigError: it is more than one selector, so that its resets could not be seen.
    """
    text = written.strip()
    if not _SELECTOR.fullmatch(text):
        raise ConfigError(
            f'expected the selector of one counter, such as http_requests_total{{code=~"5.."}}, got {written!r}; '
            "we add windows, rate and sum ourselves"
        )
    return Foreign(text)
