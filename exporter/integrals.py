"""Counters that we integrate from readings, such as busy seconds: value times the time since the reading before.

A gap longer than a few periods of the tier (a hung GPU, a restarted reader) adds nothing: nobody saw what happened.
"""

from collections import OrderedDict
from collections.abc import Mapping

from catalog.metrics import INTEGRALS
from catalog.snapshot import Layout, Reading, Series, Tier
from history.minute import Key
from probes.worker import PERIODS

_GAP = 3
_LAYOUTS = 256
"""Layouts whose plan is kept; a node has four per GPU."""


class Integrals:
    """The running totals.

    Args:
        totals: what they start from; a store kept it over a restart.
        gap: how many periods of a tier may lie between two readings that count.
    """

    def __init__(self, totals: Mapping[Key, float], gap: float = _GAP) -> None:
        self._gap = gap
        self.totals: dict[Key, float] = {
            Key(*key): value for key, value in totals.items() if key.metric.integrates
        }
        self._told: set[Key] = set()
        self._heard_out: set[str] = set()
        self._before: dict[tuple[str, Tier], float] = {}
        self._plans: OrderedDict[tuple[str, Layout], tuple[tuple[int, Key], ...]] = OrderedDict()
        self._layouts: dict[str, Layout] = {}

    def observe(self, uuid: str, tier: Tier, reading: Reading) -> None:
        """Add what *reading* says about the time since the one before."""
        plan = self._plan(uuid, reading.layout)
        if (uuid, tier) in self._before:
            self._heard_out.add(uuid)
        before = self._before.get((uuid, tier), reading.at)
        self._before[uuid, tier] = reading.at
        elapsed = reading.at - before
        if not 0 <= elapsed <= self._gap * PERIODS[tier]:
            elapsed = 0.0
        for place, key in plan:
            if key not in self._told:
                self.totals[key] = self.totals.get(key, 0.0) + reading.values[place] * elapsed

    def reading(self, uuid: str, at: float) -> Reading:
        """The totals of one GPU; those that the driver counts itself are left to its own readings.

        What the driver may count waits until each tier had its turn: else our 0 would come before the driver's count,
        and whoever adds up increases would take that for one.
        """
        keys = [
            key
            for key in self.totals
            if key.uuid == uuid
            and key not in self._told
            and (key.metric.source == "gpuvitals" or uuid in self._heard_out)
        ]
        series: tuple[Series, ...] = tuple((metric, labels) for _, metric, labels in keys)
        layout = self._layouts.get(uuid)
        if layout is None or layout.series != series:
            layout = self._layouts[uuid] = Layout(series)
        return Reading(at=at, layout=layout, values=tuple(self.totals[key] for key in keys))

    def _plan(self, uuid: str, layout: Layout) -> tuple[tuple[int, Key], ...]:
        plan = self._plans.get((uuid, layout))
        if plan is None:
            plan = self._plans[uuid, layout] = tuple(
                (place, Key(uuid, INTEGRALS[metric], labels))
                for place, (metric, labels) in enumerate(layout.series)
                if metric in INTEGRALS
            )
            self._told.update(
                Key(uuid, metric, labels)
                for metric, labels in layout.series
                if metric.integrates is not None
            )
            if len(self._plans) > _LAYOUTS:
                self._plans.popitem(last=False)
        return plan
