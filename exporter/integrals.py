"""Counters that we integrate from readings, such as busy seconds: value times the time since the reading before.

A gap longer than three periods of the tier (a hung GPU, a restarted reader) adds nothing: nobody saw what happened.
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
    """The running totals, all starting from *totals*, which a store kept over a restart."""

    def __init__(self, totals: Mapping[Key, float]) -> None:
        self.totals: dict[Key, float] = dict(totals)
        self._told: set[Key] = set()
        self._before: dict[tuple[str, Tier], float] = {}
        self._plans: OrderedDict[tuple[str, Layout], tuple[tuple[int, Key], ...]] = OrderedDict()
        self._layouts: dict[str, Layout] = {}

    def observe(self, uuid: str, tier: Tier, reading: Reading) -> None:
        """Add what *reading* says about the time since the one before."""
        plan = self._plan(uuid, reading.layout)
        before = self._before.get((uuid, tier), reading.at)
        self._before[uuid, tier] = reading.at
        elapsed = reading.at - before
        if not 0 <= elapsed <= _GAP * PERIODS[tier]:
            elapsed = 0.0
        for place, key in plan:
            if key not in self._told:
                self.totals[key] = self.totals.get(key, 0.0) + reading.values[place] * elapsed

    def reading(self, uuid: str, at: float) -> Reading:
        """The totals of one GPU; those that the driver counts itself are left to its own readings."""
        keys = [key for key in self.totals if key[0] == uuid and key not in self._told]
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
