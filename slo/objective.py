"""What is promised: so many good events of all, in a window, for each group; and what silence means."""

from dataclasses import dataclass
from enum import StrEnum

from catalog.errors import ConfigError
from slo.calendar import Calendar
from slo.example import Example
from slo.exclusion import Correction, Exclusion
from slo.indicator import Indicator, Slices
from slo.step import Step
from slo.tier import OUTAGE, TIERS, Tier

TILE = 300
"""Seconds of one tile; every window is a number of them."""


class OnSilence(StrEnum):
    """Whom a group without data wakes."""

    PAGE = "page"
    TICKET = "ticket"
    NONE = "none"


class SilentBudget(StrEnum):
    """What time without data costs."""

    BAD = "bad"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One objective.

    Attributes:
        target: the share of good events promised, below 1.
        days: of the rolling window; of the longest, if windows follow the *calendar*.
        calendar: when windows begin; None if one window moves with time.
        by: labels that tell one group from another; each group has a budget of its own.
        silent_by: more labels, that tell apart the parts of a group which are missed one by one when they fall silent.
        members: the groups, or parts of them, that must be there, by their values of the labels in *parts*.
        example: series that meet the objective and that do not, for tests of the rules, where the indicator does not say.
        tiers: speeds of burning that wake somebody; our own are capped where a total outage could not reach them.
        exclusions, corrections: events that do not count, and some that were counted wrongly.
        policy: what is done when so much of the budget is left, from much to little.
        least_events: a burn alert needs so many events in its long window.

    Raises:
        ConfigError: no such promise can be kept or broken.
    """

    name: str
    service: str
    indicator: Indicator
    target: float
    days: int = 30
    calendar: Calendar | None = None
    by: tuple[str, ...] = ()
    silent_by: tuple[str, ...] = ()
    members: tuple[tuple[str, ...], ...] = ()
    owner: str = ""
    least_events: float = 0.0
    example: Example | None = None
    tiers: tuple[Tier, ...] = TIERS
    on_silence: OnSilence = OnSilence.TICKET
    silent_budget: SilentBudget = SilentBudget.EXCLUDE
    exclusions: tuple[Exclusion, ...] = ()
    corrections: tuple[Correction, ...] = ()
    policy: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise ConfigError(
                f"{self.name}: the target is {self.target:g}; it must lie above 0 and below 1, for a target of 1 "
                "leaves no budget to spend"
            )
        if self.days < 1:
            raise ConfigError(f"{self.name}: the window must be at least a day")
        if self.tiers is not TIERS:
            self._reach()
        if self.silent_by:
            self._missed()

    def _reach(self) -> None:
        highest = OUTAGE / self.budget
        for tier in self.tiers:
            if tier.factor > highest:
                raise ConfigError(
                    f"{self.name}: the condition {tier.name} asks for a burn rate of {tier.factor:g}; at a target of "
                    f"{self.target:g} a total outage burns {1 / self.budget:.4g}: take at most {highest:.4g}"
                )

    def _missed(self) -> None:
        if self.silent_budget is SilentBudget.EXCLUDE:
            raise ConfigError(
                f"{self.name}: silence-by says whose silence costs budget, and silence costs none; "
                "add gpuvitals.dev/no-data-budget: bad"
            )
        if isinstance(self.indicator, Slices):
            raise ConfigError(
                f"{self.name}: silence-by is for ratios of counters; a slice of time is of the whole group"
            )

    @property
    def parts(self) -> tuple[str, ...]:
        """The labels of what is missed when it falls silent: a group, or a part of one."""
        return (*self.by, *self.silent_by)

    @property
    def budget(self) -> float:
        """The share of events that may be bad: 0.001 where 1 - 0.999 is 0.0010000000000000009, as rules write it."""
        return float(f"{1 - self.target:.15g}")

    @property
    def window(self) -> str:
        """The window as PromQL writes it, or OpenSLO if it is one of the calendar: `30d`, `1M`."""
        return self.calendar.shorthand if self.calendar else f"{self.days}d"
