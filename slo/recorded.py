"""How objectives stand, as their rules recorded it: some series per group, whatever the window."""

import re
from collections.abc import Iterator, Mapping, Sequence

from catalog.promql.expr import Call, Recorded
from history.counted import Group
from history.prometheus_api import Instant, PrometheusApi, Rejected
from slo import names, tiles
from slo.afterwards import changes
from slo.objective import Objective
from slo.states import STATES
from slo.status import WINDOWS, GroupStatus, Measured

_PER_QUERY = 50
"""Objectives."""
Row = dict[str, float]
"""The values of one group by the names of their series."""


def recorded(
    objectives: Sequence[Objective], at: float, api: PrometheusApi
) -> Mapping[str, tuple[GroupStatus, ...]]:
    """The groups of each objective by its name; none of one whose rules are not loaded, or were not at that time.

    Raises:
        HistoryError: the server cannot be asked.
    """
    by_name = {one.name: one for one in objectives}
    rows: dict[str, dict[Group, Row]] = {}
    for answer in api.ask([_query(some, at) for some in _some(objectives)]):
        if isinstance(answer, Rejected):
            raise answer
        for series in answer:
            objective = by_name.get(series.metric.get(names.SLO, ""))
            if objective and series.value:
                group = tuple(series.metric.get(label, "") for label in objective.by)
                row = rows.setdefault(objective.name, {}).setdefault(group, {})
                row[series.metric["__name__"]] = float(series.value[1])
    return {
        name: tuple(_status(by_name[name], group, row) for group, row in sorted(found.items()))
        for name, found in rows.items()
    }


def _some(objectives: Sequence[Objective]) -> Iterator[tuple[Objective, ...]]:
    for first in range(0, len(objectives), _PER_QUERY):
        yield tuple(objectives[first : first + _PER_QUERY])


def _query(objectives: Sequence[Objective], at: float) -> Instant:
    wanted = dict.fromkeys(name for one in objectives for name in _names(one))
    slos = "|".join(re.escape(one.name) for one in objectives)
    series = Recorded("", {"__name__": f"=~{'|'.join(wanted)}", names.SLO: f"=~{slos}"})
    # What is recorded with the tiles is older than an instant query looks back.
    newest = Call("last_over_time", (series.over(tiles.FRESH),))
    return Instant(promql=newest.text(""), at=at)


def _names(objective: Objective) -> Iterator[str]:
    yield from (names.STATE_CODE, names.BUDGET_REMAINING, names.TIME_TO_EXHAUSTION, names.COVERAGE)
    yield from (names.total(objective.window), names.bad(objective.window))
    yield from map(names.burn, WINDOWS)
    if changes(objective):
        yield from map(names.measured, _changed(objective))


def _changed(objective: Objective) -> tuple[str, ...]:
    """What exclusions and corrections change."""
    window = objective.window
    return names.total(window), names.bad(window), names.BUDGET_REMAINING


def _status(objective: Objective, group: Group, row: Row) -> GroupStatus:
    code = row.get(names.STATE_CODE)
    before = [row.get(names.measured(name)) for name in _changed(objective)]
    events, bad_events, remaining = (one or 0.0 for one in before)
    burn_rates = {window: row.get(names.burn(window), 0.0) for window in WINDOWS}
    return GroupStatus(
        group=group,
        state=None if code is None else STATES[int(code)],
        events=row.get(names.total(objective.window), 0.0),
        bad_events=row.get(names.bad(objective.window), 0.0),
        remaining=row.get(names.BUDGET_REMAINING, 1.0),
        burn_rates=burn_rates,
        exhaustion_seconds=row.get(names.TIME_TO_EXHAUSTION) if burn_rates["6h"] else None,
        coverage=row.get(names.COVERAGE, 0.0),
        measured=Measured(events=events, bad_events=bad_events, remaining=remaining)
        if None not in before
        else None,
    )
