"""How objectives fared in a month: what `gpuvitals slo report` writes, as JSON that others read.

The fields are a contract: one that changes its meaning or goes away makes a new version of `SCHEMA`; new ones do not.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from catalog.errors import ConfigError
from history.counted import Counting, Refused, Steps
from slo.month import Day, Month
from slo.objective import TILE, Objective
from slo.replay import Page, levels, looked_at, pages, paging
from slo.settled import Settled, listed, seen, settled
from slo.tally import Sums, Tally, coarser, tallies

SCHEMA = "gpuvitals.dev/slo-report/v1"
_EVERY = 60
_WORST = 3
_LITTLE = 1e-9


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all have in common."""


class ReportDay(_Part, frozen=True, kw_only=True):
    """One day of one group.

    Attributes:
        budget_spent: share of the month's budget that went on this day.
    """

    date: str
    events: float
    bad_events: float
    budget_spent: float


class ReportPage(_Part, frozen=True, kw_only=True):
    """A time in which somebody would have been paged.

    Attributes:
        ended: None if it had not ended when the report did.
    """

    began: str
    ended: str | None
    tiers: list[str]


class ReportGroup(_Part, frozen=True, kw_only=True):
    """One group of one objective.

    Attributes:
        sli: share of good events; None if there were none.
        budget_spent: share of the month's error budget; above 1 is overdrawn.
        coverage: share of the month, as far as it has passed, of which anything is known.
        worst_days: those that spent most, most first.
    """

    labels: dict[str, str]
    sli: float | None
    met: bool | None
    events: float
    bad_events: float
    budget_spent: float
    coverage: float
    worst_days: list[ReportDay]
    pages: list[ReportPage]


class ReportObjective(_Part, frozen=True, kw_only=True):
    """One objective.

    Attributes:
        refused: why nothing can be told; None if it can.
    """

    slo: str
    service: str
    owner: str
    target: float
    window: str
    refused: str | None
    groups: list[ReportGroup]


class Report(_Part, frozen=True, kw_only=True):
    """All objectives in one month.

    Attributes:
        until: the end of what was looked at; the end of the month, unless it is not over.
    """

    schema: str = SCHEMA
    month: str
    zone: str
    start: str
    until: str
    complete: bool
    objectives: list[ReportObjective]


def report(
    objectives: Sequence[Objective], month: Month, now: float, counting: Counting
) -> Report:
    """How *objectives* fared in *month*, as far as it has passed.

    Raises:
        ConfigError: it has not begun.
        HistoryError: the history cannot be asked.
    """
    until = counting.until(min(now, month.end)) // TILE * TILE
    if until <= month.start:
        raise ConfigError(f"{month} has not begun; name a month that has")
    steps = {one.name: looked_at(month.start, until, _EVERY) for one in objectives}
    return Report(
        month=str(month),
        zone=month.zone.key,
        start=_written(month.start),
        until=_written(until),
        complete=until >= month.end,
        objectives=[
            _objective(one, found, month) for one, found in tallies(objectives, steps, counting)
        ],
    )


def _objective(
    objective: Objective, found: tuple[Tally, ...] | Refused, month: Month
) -> ReportObjective:
    refused = found.reason if isinstance(found, Refused) else None
    groups = () if isinstance(found, Refused) else _groups(objective, found, month)
    return ReportObjective(
        slo=objective.name,
        service=objective.service,
        owner=objective.owner,
        target=objective.target,
        window=objective.window,
        refused=refused,
        groups=list(groups),
    )


def _groups(objective: Objective, found: tuple[Tally, ...], month: Month) -> Iterator[ReportGroup]:
    for one in settled(objective, found):
        fared = _Fared(objective, one, month)
        if fared.coverage or listed(objective, one.tally.group):
            replayed = levels(objective, one, month.start)
            sent = pages(objective, replayed, paging(objective))
            yield fared.group([_page(page) for page in sent])


class _Fared:
    """One group in one month."""

    def __init__(self, objective: Objective, group: Settled, month: Month) -> None:
        tally = self._tally = group.tally
        tiles = coarser(tally, TILE)
        self._objective, self._month = objective, month
        self._total, self._bad, self._silent = map(Sums, (tally.total, tally.bad, group.silent))
        self._start, self._end = month.start, min(month.end, tally.steps.end)
        known = _over(seen(tiles), tiles.steps, self._start, self._end)
        self.coverage = known * TILE / max(self._end - self._start, TILE)
        self._events, self._bad_events = self._counted(self._start, self._end)

    def group(self, sent: list[ReportPage]) -> ReportGroup:
        sli = 1 - self._bad_events / self._events if self._events > 0 else None
        return ReportGroup(
            labels=dict(zip(self._objective.by, self._tally.group, strict=True)),
            sli=sli,
            met=None if sli is None else sli >= self._objective.target,
            events=self._events,
            bad_events=self._bad_events,
            budget_spent=self._spent(self._bad_events),
            coverage=self.coverage,
            worst_days=sorted(self._days(), key=lambda day: -day.budget_spent)[:_WORST],
            pages=sent,
        )

    def _days(self) -> Iterator[ReportDay]:
        """Those on which anything was spent."""
        for day in self._month.days():
            events, bad = self._counted(day.start, day.end)
            if bad > 0:
                yield _day(day, events, bad, self._spent(bad))

    def _spent(self, bad: float) -> float:
        return bad / max(self._events, _LITTLE) / self._objective.budget

    def _counted(self, start: float, end: float) -> tuple[float, float]:
        """All events and the bad ones, with what silence costs."""
        steps = self._tally.steps
        total, bad, quiet = (
            _over(sums, steps, start, end) for sums in (self._total, self._bad, self._silent)
        )
        return total + quiet, bad + quiet


def _over(sums: Sums, steps: Steps, start: float, end: float) -> float:
    last = round((min(end, steps.end) - steps.start) / steps.width) - 1
    count = round((min(end, steps.end) - start) / steps.width)
    return sums.over(count, last) if count > 0 else 0.0


def _day(day: Day, events: float, bad: float, spent: float) -> ReportDay:
    return ReportDay(date=day.date.isoformat(), events=events, bad_events=bad, budget_spent=spent)


def _page(page: Page) -> ReportPage:
    return ReportPage(
        began=_written(page.began),
        ended=None if page.ended is None else _written(page.ended),
        tiers=[tier.name for tier in page.tiers],
    )


def _written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
