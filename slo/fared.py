"""How one group fared in a month: events, budget, days."""

from collections.abc import Iterator
from dataclasses import replace

from history.counted import Steps
from slo.afterwards import changes
from slo.excluded import about, corrections, left_out
from slo.month import Day, Month
from slo.objective import TILE, Objective
from slo.report_schema import ReportDay, ReportGroup, ReportMeasured, ReportPage
from slo.settled import Settled, measured
from slo.tally import Sums, coarser

_WORST = 3
_LITTLE = 1e-9
_MOMENT = 0.001
"""A correction of midnight is of the day that begins."""


class Fared:
    """One group in one month."""

    def __init__(self, objective: Objective, group: Settled, month: Month) -> None:
        tally = self._tally = group.tally
        self._group, self._objective, self._month = group, objective, month
        self._total, self._bad, self._silent = map(Sums, (tally.total, tally.bad, group.silent))
        self._start, self._end = month.start, min(month.end, tally.steps.end)
        self.coverage = self._coverage()
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
            measured=self._measured() if changes(self._objective) else None,
        )

    def _coverage(self) -> float:
        """Tile by tile: a minute may be too short for a scrape."""
        group = replace(
            self._group,
            tally=coarser(self._tally, TILE),
            excluded=coarser(self._group.excluded, TILE),
        )
        known = _over(measured(group), group.tally.steps, self._start, self._end)
        return known * TILE / max(self._end - self._start, TILE)

    def _measured(self) -> ReportMeasured:
        whole = self._known(self._start, self._end)
        excluded = self._group.excluded
        events, bad = (
            one + _over(Sums(line), excluded.steps, self._start, self._end)
            for one, line in zip(whole, (excluded.total, excluded.bad), strict=True)
        )
        out = left_out(about(self._objective, self._tally.group), self._tiles())
        return ReportMeasured(
            events=events,
            bad_events=bad,
            budget_spent=bad / max(events, _LITTLE) / self._objective.budget,
            excluded_seconds=float(sum(out) * TILE),
        )

    def _tiles(self) -> Steps:
        """Those of the month."""
        return Steps(end=self._end, width=TILE, count=round((self._end - self._start) / TILE))

    def _days(self) -> Iterator[ReportDay]:
        """Those on which anything was spent."""
        for day in self._month.days():
            events, bad = self._counted(day.start, day.end)
            if bad > 0:
                yield _day(day, events, bad, self._spent(bad))

    def _spent(self, bad: float) -> float:
        return bad / max(self._events, _LITTLE) / self._objective.budget

    def _counted(self, start: float, end: float) -> tuple[float, float]:
        """All events and the bad ones, corrected."""
        group = self._tally.group
        found = corrections(self._objective, group, start - _MOMENT, end - _MOMENT)
        total, bad = self._known(start, end)
        total += sum(one.total for one in found)
        bad += sum(one.bad for one in found)
        return max(total, 0.0), max(bad, 0.0)

    def _known(self, start: float, end: float) -> tuple[float, float]:
        """All events that count and the bad ones, with what silence costs."""
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
