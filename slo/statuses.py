"""How many objectives stand: read from what rules recorded where there is such, computed from tiles where there is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from history.counted import Counting, Refused
from history.prometheus import PrometheusCounting
from history.prometheus_api import PrometheusApi
from slo.objective import Objective
from slo.recorded import recorded
from slo.status import ObjectiveStatus, Source, computed, steps
from slo.tally import tallies


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All objectives at one moment."""

    at: float
    objectives: tuple[ObjectiveStatus, ...]


def of_prometheus(
    objectives: Sequence[Objective], at: float, api: PrometheusApi, job: str
) -> Standing:
    """What a Prometheus knows; an objective whose rules it has not evaluated is computed from its counters.

    Raises:
        HistoryError: it cannot be asked.
    """
    known = recorded(objectives, at, api)
    unknown = [one for one in objectives if one.name not in known]
    found = {
        one.objective.name: one
        for one in _computed(unknown, at, PrometheusCounting(api, job), Source.SAMPLES)
    }
    return Standing(
        at=at,
        objectives=tuple(
            found.get(one.name)
            or ObjectiveStatus(objective=one, source=Source.RULES, groups=known[one.name])
            for one in objectives
        ),
    )


def of_history(objectives: Sequence[Objective], at: float, counting: Counting) -> Standing:
    """What the embedded history knows.

    Raises:
        HistoryError: it cannot be read.
    """
    return Standing(at=at, objectives=_computed(objectives, at, counting, Source.HISTORY))


def _computed(
    objectives: Sequence[Objective], at: float, counting: Counting, source: Source
) -> tuple[ObjectiveStatus, ...]:
    end = counting.until(at)
    wanted = {one.name: steps(one, end) for one in objectives}
    return tuple(
        ObjectiveStatus(objective=one, source=source, refused=found.reason)
        if isinstance(found, Refused)
        else ObjectiveStatus(objective=one, source=source, groups=computed(one, found))
        for one, found in tallies(objectives, wanted, counting)
    )
