"""A backtest as text for a terminal."""

from collections.abc import Iterator

from slo.backtest import Backtest
from slo.backtest_json import written
from slo.incidents import Score
from slo.status_table import duration


def text(found: Backtest) -> str:
    """What would have been sent, what it was worth, and what would send less."""
    return "\n".join(_lines(found))


def _lines(found: Backtest) -> Iterator[str]:
    span = f"{written(found.start)} to {written(found.end)}"
    yield f"{found.objective.name}: {found.objective.target:.6g}, {span}"
    if found.refused:
        yield f"  {found.refused}"
        return
    yield f"  pages: {len(found.pages)}, {found.pages_per_month:.3g} a month"
    for page in found.pages:
        group = " ".join(page.group)
        until = written(page.ended) if page.ended else "the end"
        yield f"    {written(page.began)} to {until}  {group}  {', '.join(one.name for one in page.tiers)}"
    yield f"  {'alert':<14}{'burn rate':>10}{'fired':>8}{'wanted':>10}"
    for one in found.tiers:
        wanted = "-" if one.wanted_factor is None else f"{one.wanted_factor:.3g}"
        yield f"  {one.tier.name:<14}{one.factor:>10.4g}{one.alerts:>8}{wanted:>10}"
    if found.wanted_target is not None:
        yield f"  so many pages as wanted at a target of {found.wanted_target:.6g}"
    if found.score is not None:
        yield from _scored(found.score)


def _scored(score: Score) -> Iterator[str]:
    median = score.median_seconds
    yield (
        f"  precision {_share(score.precision)}, recall {_share(score.recall)}, "
        f"half of the incidents detected within {'-' if median is None else duration(median)}"
    )
    for incident, seconds in zip(score.incidents, score.detected, strict=True):
        found = "missed" if seconds is None else f"detected after {duration(seconds)}"
        yield f"    {written(incident.start)} to {written(incident.end)}  {found}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
