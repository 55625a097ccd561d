"""What is measured: counters of events, or slices of time that are good or not."""

from dataclasses import dataclass

from catalog.errors import ConfigError
from catalog.promql.expr import Expr, Foreign, Series
from catalog.promql.selector import parse


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

    @property
    def of_bucket(self) -> bool:
        """Whether the good events are those in a bucket of the histogram that counts them all."""
        if not (isinstance(self.good, Foreign) and isinstance(self.total, Foreign)):
            return False
        good, total = parse(self.good.selector), parse(self.total.selector)
        stem = good.name.removesuffix("_bucket")
        if good.name == stem or total.name not in (f"{stem}_count", good.name):
            return False
        bounded, others = (
            {one for one in selected.matchers if one.label != "le"} for selected in (good, total)
        )
        return bounded == others


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Time, cut into slices of equal length.

    Attributes:
        good: how good the slice that ends now was, per group: 0 to 1, nothing where nobody knows.
        every: the length of a slice in seconds; five minutes hold a whole number of them.
        ratio: the counters that *good* was made from, if it was.
    """

    good: Expr
    every: int = 60
    ratio: Ratio | None = None

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
    try:
        parse(written)
    except ConfigError as wrong:
        raise ConfigError(
            f'expected the selector of one counter, such as http_requests_total{{code=~"5.."}}, got {written!r}; '
            "we add windows, rate and sum ourselves"
        ) from wrong
    return Foreign(written.strip())
