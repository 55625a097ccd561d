"""How an objective stands at one moment, computed from tiles as its rules would record it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from history.counted import Group, Steps
from slo.afterwards import changes
from slo.excluded import about, corrections, left_out
from slo.objective import TILE, Objective, SilentBudget
from slo.settled import Settled, listed, measured, seen, settled
from slo.states import STATES
from slo.tally import Sums, Tally
from slo.tier import QUICK, SECONDS, SLOW, Tier

WINDOWS = (*QUICK, *SLOW)
_DAY = 86_400
_LONGEST = 3
"""Days of the longest burn rate."""
_LITTLE = 1e-9


class Source(StrEnum):
    """Where a status comes from."""

    RULES = "rules"  # the series that our rules recorded
    SAMPLES = "samples"  # the counters themselves, as a Prometheus scraped them
    HISTORY = "history"  # the minutes that the exporter kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a window would be if every event counted and none was corrected."""

    events: float
    bad_events: float
    remaining: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStatus:
    """One group.

    Attributes:
        group: the values of the labels that the objective groups by.
        state: None of a group that vanished so long ago that nobody expects it.
        sli: share of good events; None if there were none.
        remaining: of the error budget; 1 is all, below 0 is overdrawn.
        burn_rates: by window, how many times faster than sustainable.
        exhaustion_seconds: until the budget is spent at the pace of the last six hours; None if nothing is spent.
        coverage: share of the window of which anything is known.
        measured: before exclusions and corrections; None of an objective that has neither.
    """

    group: Group
    state: str | None
    events: float
    bad_events: float
    remaining: float
    burn_rates: Mapping[str, float]
    exhaustion_seconds: float | None
    coverage: float
    measured: "Measured | None" = None

    @property
    def sli(self) -> float | None:
        return 1 - self.bad_events / self.events if self.events > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveStatus:
    """One objective.

    Attributes:
        refused: why it cannot be told; empty if it can.
    """

    objective: Objective
    source: Source
    groups: tuple[GroupStatus, ...] = ()
    refused: str = ""


def steps(objective: Objective, end: float) -> Steps:
    """The tiles that a status at *end* is made of."""
    days = max(objective.days, _LONGEST)
    before = (
        objective.silent_budget is SilentBudget.BAD
    )  # what a day of silence costs, the day before it says
    return Steps(end=end, width=TILE, count=(days + before) * _DAY // TILE)


def computed(objective: Objective, found: tuple[Tally, ...]) -> tuple[GroupStatus, ...]:
    """Every group that had events in the window, or is listed; none while there is no window."""
    window = _Window.of(objective, found[0].steps.end) if found else None
    if window is None:
        return ()
    judges = (_Judge(objective, one, window) for one in settled(objective, found))
    return tuple(judge.status() for judge in judges if judge.concerned)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The window of a budget at one moment.

    Attributes:
        start: where it begins, seconds since 1970.
        tiles: that have ended in it.
        passed, length: its seconds so far and in all; the same if it moves with time.
    """

    start: float
    tiles: int
    passed: float
    length: float

    @classmethod
    def of(cls, objective: Objective, at: float) -> "_Window | None":
        """The one that *at* lies in; None before the first of a calendar and after its last."""
        if objective.calendar is None:
            length = float(objective.days * _DAY)
            return cls(start=at - length, tiles=int(length // TILE), passed=length, length=length)
        found = objective.calendar.window(at)
        if found is None:
            return None
        passed = at - found[0]
        return cls(
            start=found[0],
            tiles=int(passed // TILE) + 1,
            passed=passed,
            length=found[1] - found[0],
        )


class _Judge:
    """Looks at one group."""

    def __init__(self, objective: Objective, group: Settled, window: _Window) -> None:
        tally = self._tally = group.tally
        self._objective = objective
        self._total, self._bad, self._silent = map(Sums, (tally.total, tally.bad, group.silent))
        self._excluded = Sums(group.excluded.total), Sums(group.excluded.bad)
        self._seen, self._counting = measured(group), seen(tally)
        self._window = window

    @property
    def concerned(self) -> bool:
        return self._listed or self._in_window(self._seen) > 0

    @property
    def _listed(self) -> bool:
        return listed(self._objective, self._tally.group)

    def status(self) -> GroupStatus:
        window, quiet = self._window, self._in_window(self._silent)
        known = [self._in_window(sums) + quiet for sums in (self._total, self._bad)]
        whole = [
            one + self._in_window(sums) for one, sums in zip(known, self._excluded, strict=True)
        ]
        total, bad = self._corrected(*known)
        remaining = self._remaining(total, bad)
        burn_rates = {window: self._burn(SECONDS[window]) for window in WINDOWS}
        return GroupStatus(
            group=self._tally.group,
            state=self._state(remaining, burn_rates),
            events=total,
            bad_events=bad,
            remaining=remaining,
            burn_rates=burn_rates,
            exhaustion_seconds=self._exhaustion(remaining, burn_rates["6h"]),
            coverage=min(self._in_window(self._seen) / max(window.passed / TILE, 1.0), 1.0),
            measured=Measured(
                events=whole[0], bad_events=whole[1], remaining=self._remaining(*whole)
            )
            if changes(self._objective)
            else None,
        )

    def _corrected(self, total: float, bad: float) -> tuple[float, float]:
        found = corrections(
            self._objective,
            self._tally.group,
            self._window.start - (self._objective.calendar is not None),
            self._tally.steps.end,
        )
        return (
            max(total + sum(one.total for one in found), 0.0),
            max(bad + sum(one.bad for one in found), 0.0),
        )

    def _remaining(self, total: float, bad: float) -> float:
        """What is left: what is still to come of a window of the calendar has its events too, at the pace so far."""
        spent = bad / max(total, _LITTLE) * self._window.passed / self._window.length
        return 1 - spent / self._objective.budget

    def _exhaustion(self, remaining: float, pace: float) -> float | None:
        """Seconds until nothing remains, at that *pace*; None if that is never, or in another window."""
        if not pace > 0:
            return None
        seconds = max(remaining * self._window.length / pace, 0.0)
        moves = self._objective.calendar is None
        return seconds if moves or seconds <= self._window.length - self._window.passed else None

    def _in_window(self, sums: Sums) -> float:
        return sums.over(self._window.tiles, self._tally.steps.count - 1)

    def _over(self, sums: Sums, seconds: float) -> float:
        return sums.over(int(seconds // TILE), self._tally.steps.count - 1)

    def _burn(self, seconds: float) -> float:
        quiet = self._over(self._silent, seconds)
        total, bad = (
            self._over(self._total, seconds) + quiet,
            self._over(self._bad, seconds) + quiet,
        )
        return min(bad / max(total, _LITTLE), 1.0) / self._objective.budget

    def _state(self, remaining: float, burn_rates: Mapping[str, float]) -> str | None:
        """The first that holds."""
        if not self._over(self._seen, 2 * TILE):
            expected = self._listed or self._over(self._seen, _DAY) > 0
            return STATES[0] if expected and not self._excluded_now() else None
        holds = (
            self._over(self._seen, SECONDS["6h"]) < SECONDS["6h"] / TILE / 2,
            remaining <= 0,
            any(self._burning(tier, burn_rates) for tier in self._objective.tiers),
            self._over(self._counting, SECONDS["1h"]) > 0
            and self._over(self._total, SECONDS["1h"]) == 0,
            True,
        )
        return STATES[1 + holds.index(True)]

    def _excluded_now(self) -> bool:
        last = Steps(end=self._tally.steps.end, width=TILE, count=1)
        return left_out(about(self._objective, self._tally.group), last)[0]

    def _burning(self, tier: Tier, burn_rates: Mapping[str, float]) -> bool:
        factor, long = tier.capped(self._objective), SECONDS[tier.long]
        return (
            burn_rates[tier.long] >= factor
            and burn_rates[tier.short] >= factor
            and self._over(self._counting, long) >= long / TILE / 2
            and self._over(self._total, long) >= self._objective.least_events
        )
