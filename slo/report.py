"""How objectives fared in a month: what `gpuvitals slo report` writes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from catalog.errors import ConfigError
from history.counted import Counting, Refused, Steps
from slo.excluded import left_out
from slo.fared import Fared
from slo.month import Month
from slo.objective import TILE, Objective
from slo.replay import Page, levels, looked_at, pages, paging
from slo.report_schema import (
    Report,
    ReportCorrection,
    ReportExclusion,
    ReportGroup,
    ReportObjective,
    ReportPage,
)
from slo.settled import listed, settled
from slo.tally import Tally, tallies

_EVERY = 60


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
            _objective(one, found, month, until)
            for one, found in tallies(objectives, steps, counting)
        ],
    )


def _objective(
    objective: Objective, found: tuple[Tally, ...] | Refused, month: Month, until: float
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
        exclusions=list(_exclusions(objective, month, until)),
        corrections=list(_corrections(objective, month)),
        groups=list(groups),
    )


def _groups(objective: Objective, found: tuple[Tally, ...], month: Month) -> Iterator[ReportGroup]:
    for one in settled(objective, found):
        fared = Fared(objective, one, month)
        if fared.coverage or listed(objective, one.tally.group):
            replayed = levels(objective, one, month.start)
            sent = pages(objective, replayed, paging(objective))
            yield fared.group([_page(page) for page in sent])


def _exclusions(objective: Objective, month: Month, until: float) -> Iterator[ReportExclusion]:
    """Those that any tile of the month overlaps."""
    count = round((until - month.start) / TILE)
    tiles = Steps(end=until, width=TILE, count=count)
    for one in objective.exclusions:
        if out := sum(left_out([one], tiles)):
            yield ReportExclusion(
                reason=one.reason,
                author=one.author,
                labels=dict(one.where),
                seconds=float(out * TILE),
            )


def _corrections(objective: Objective, month: Month) -> Iterator[ReportCorrection]:
    for one in objective.corrections:
        if month.start <= one.at < month.end:
            yield ReportCorrection(
                at=_written(one.at),
                labels=dict(zip(objective.by, one.group, strict=True)),
                events=one.total,
                bad_events=one.bad,
                reason=one.reason,
                author=one.author,
            )


def _page(page: Page) -> ReportPage:
    return ReportPage(
        began=_written(page.began),
        ended=None if page.ended is None else _written(page.ended),
        tiers=[tier.name for tier in page.tiers],
    )


def _written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
