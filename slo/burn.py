"""Burn rates and their alerts: several windows, several speeds (https://sre.google/workbook/alerting-on-slos/)."""

from collections.abc import Iterator

from catalog.promql.expr import Aggregate, Call, Expr, Number, Recorded
from catalog.rules.rule import Record
from slo import leaving_out, names, silence, tiles
from slo.objective import TILE, Objective
from slo.tier import SECONDS, SLOW, Tier

_RECENT = names.TOTAL_RECENT, names.BAD_RECENT


def recent(objective: Objective) -> Iterator[Record]:
    """Events of the last five minutes, at every evaluation."""
    total, bad = (leaving_out.first(objective, name) for name in _RECENT)
    found = tiles.counts(
        objective, total, bad, lambda counter: Call("increase", (counter.over("5m"),))
    )
    yield from silence.counted(found, objective)
    yield from leaving_out.records(objective, *_RECENT)


def rates(objective: Objective, windows: tuple[str, ...]) -> Iterator[Record]:
    """The burn rate of each window; 0 where nothing happened."""
    for window in windows:
        total, bad = _sums(objective, window)
        yield Record(
            name=names.burn(window),
            labels={names.SLO: objective.name},
            expr=Call("clamp_max", (tiles.share(bad, total), Number(1))) / objective.budget,
        )


def _sums(objective: Objective, window: str) -> tuple[Expr, ...]:
    if SECONDS[window] == TILE:
        return tuple(_now(name, objective) for name in _RECENT)
    if window not in SLOW:
        return tuple(tiles.over(name, objective, window) for name in _RECENT)
    known = (tiles.over(name, objective, window) for name in tiles.TILES)
    return tuple(silence.added(one, objective, window) for one in known)


def conditions(objective: Objective) -> Iterator[Record]:
    """Whether each tier's condition holds, 1 or 0.

    A long window counts once half of it is covered: before, a few bad events after a start would be most of it.
    """
    for tier in objective.tiers:
        factor = tier.capped(objective)
        long, short = (rate(objective, window) for window in (tier.long, tier.short))
        yield Record(
            name=names.burning(tier.name),
            labels={names.SLO: objective.name},
            expr=long.reaches(factor) * short.reaches(factor) * _counts(objective, tier),
        )


def rate(objective: Objective, window: str) -> Expr:
    """The newest burn rate of *window* per group."""
    read = tiles.latest if window in SLOW else _now
    return read(names.burn(window), objective)


def _now(name: str, objective: Objective) -> Expr:
    """What the same group of rules recorded just before."""
    return Aggregate("sum", objective.by, Recorded(name, {names.SLO: objective.name}))


def _counts(objective: Objective, tier: Tier) -> Expr:
    labels = {names.SLO: objective.name}
    series = Recorded(names.TOTAL_TILE, labels).over(tier.long)
    tiles_seen = Aggregate("sum", objective.by, Call("count_over_time", (series,)))
    covered = tiles_seen.reaches(SECONDS[tier.long] / TILE / 2)
    if not objective.least_events:
        return covered
    return covered * tiles.over(names.TOTAL_TILE, objective, tier.long).reaches(
        objective.least_events
    )
