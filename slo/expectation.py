"""What the rules of an objective should say of a scenario: computed from its steps by plain sums, without PromQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slo.indicator import Ratio
from slo.objective import TILE, Objective, OnSilence, SilentBudget
from slo.scenario import Step
from slo.states import STATES
from slo.tier import SECONDS, Tier

_DAY = 86_400 // TILE
_FRESH = 2
"""A tile counts as new for so many steps after its own."""
_HOUR = 3600 // TILE
_WARM = 6 * _HOUR


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert: its name, severity and tier, if it has one."""

    name: str
    severity: str
    tier: str = ""


@dataclass(frozen=True, slots=True)
class _Tile:
    """Events that were seen, of which bad; and those that silence cost."""

    total: float | None
    bad: float
    silent: float


class Expectation:
    """What is expected after each step.

    Args:
        events: in five minutes, of all parts of the group.
        parts: how many parts the group has; one of them goes when a step says so.
        begin: when the first step begins, seconds since 1970.
    """

    def __init__(
        self, objective: Objective, steps: Sequence[Step], events: float, parts: int, begin: float
    ) -> None:
        self._objective = objective
        self._begin = begin
        self._tiles: list[_Tile] = []
        for step in steps:
            self._tiles.append(self._tile(step, events, parts))

    def _tile(self, step: Step, events: float, parts: int) -> _Tile:
        seen = (parts - 1) / parts if step.gone else 1.0
        idle = step.idle and isinstance(self._objective.indicator, Ratio)
        happened = 0.0 if idle else events * seen
        if not seen:
            return _Tile(None, 0.0, self._silent(1.0))
        return _Tile(happened, happened * step.bad, self._silent(1 - seen))

    def _silent(self, share: float) -> float:
        """An average day's events of what is silent."""
        if self._objective.silent_budget is SilentBudget.EXCLUDE or not share:
            return 0.0
        known = [
            tile.total + tile.silent for tile in self._tiles[-_DAY:] if tile.total is not None
        ]
        return share * sum(known) / len(known) if known else 0.0

    def remaining(self, step: int) -> float:
        """Of the error budget, after so many steps; a calendar's window goes on as so far."""
        at, passed, steps = self._begin + step * TILE, 1.0, len(self._tiles)
        window = self._objective.calendar and self._objective.calendar.window(at)
        if window:
            steps = int(at - window[0]) // TILE + 1
            passed = (at - window[0]) / (window[1] - window[0])
        total, bad = self._sums(step, steps)
        return 1 - (bad / total if total else 0.0) * passed / self._objective.budget

    def firing(self, step: int) -> tuple[Firing, ...]:
        """The alerts that fire after so many steps."""
        return tuple(self._firing(step))

    def _firing(self, step: int) -> Iterator[Firing]:
        for tier in self._objective.tiers:
            held = _minutes(tier.lasting) * 60 // TILE
            if all(self._burns(tier, earlier) for earlier in range(step - held, step + 1)):
                yield Firing("SloBurning", tier.severity, tier.name)
        if self._objective.on_silence is not OnSilence.NONE and all(
            self.state(earlier) == "no_data" for earlier in (step - 1, step)
        ):
            yield Firing("SloNoData", self._objective.on_silence.value)

    def state(self, step: int) -> str:
        """The first that holds after so many steps."""
        known = [tile.total is not None for tile in self._tiles[:step]]
        holds = (
            any(known[-_DAY:]) and not any(known[-_FRESH - 1 :]),
            sum(known[-_WARM:]) < _WARM / 2,
            self.remaining(step) <= 0,
            any(self._burns(tier, step) for tier in self._objective.tiers),
            not any(tile.total for tile in self._tiles[max(step - _HOUR, 0) : step]),
            True,
        )
        return STATES[holds.index(True)]

    def _burns(self, tier: Tier, step: int) -> bool:
        objective = self._objective
        window = SECONDS[tier.long] // TILE
        known = [tile.total for tile in self._tiles[:step][-window:] if tile.total is not None]
        return (
            step > 0
            and len(known) >= window / 2
            and sum(known) >= objective.least_events
            and all(
                self._rate(step, SECONDS[each] // TILE) >= tier.capped(objective)
                for each in (tier.long, tier.short)
            )
        )

    def _rate(self, step: int, window: int) -> float:
        total, bad = self._sums(step, window)
        return (bad / total if total else 0.0) / self._objective.budget

    def _sums(self, step: int, window: int) -> tuple[float, float]:
        tiles = self._tiles[:step][-window:]
        silent = sum(tile.silent for tile in tiles)
        return sum((tile.total or 0.0) for tile in tiles) + silent, silent + sum(
            tile.bad for tile in tiles
        )


def _minutes(lasting: str) -> int:
    return int(lasting[:-1]) * {"m": 1, "h": 60, "d": 1440}.get(lasting[-1], 0) if lasting else 0
