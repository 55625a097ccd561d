"""Counters of ours: integrals of readings, such as busy seconds, and what others add to theirs, such as seconds in a state.

An integral adds value times the time since the reading before. A gap longer than a few periods of the tier (a hung GPU,
a restarted reader) adds nothing: nobody saw what happened.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Mapping

from catalog.metric import Metric
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

    Attributes:
        totals: all of them, for a store to keep.
    """

    def __init__(self, totals: Mapping[Key, float], gap: float = _GAP) -> None:
        self._gap = gap
        self._kept = {Key(*key): value for key, value in totals.items()}
        self.totals: dict[Key, float] = {}
        self._keys: defaultdict[str, list[Key]] = defaultdict(list)
        self._told: set[Key] = set()
        self._heard_out: set[str] = set()
        self._before: dict[tuple[str, Tier], float] = {}
        self._plans: OrderedDict[tuple[str, Layout], tuple[tuple[int, Key], ...]] = OrderedDict()
        self._shown: dict[str, tuple[Layout, tuple[Key, ...]]] = {}
        self._layouts: dict[str, Layout] = {}
        for key in self._kept:
            if key.metric.integrates:
                self._open(key)

    def observe(self, uuid: str, tier: Tier, reading: Reading) -> None:
        """Add what *reading* says about the time since the one before."""
        plan = self._plan(uuid, reading.layout)
        before = self._before.get((uuid, tier))
        if before is not None and uuid not in self._heard_out:
            self._heard_out.add(uuid)
            self._shown.pop(uuid, None)
        self._before[uuid, tier] = reading.at
        elapsed = 0.0 if before is None else reading.at - before
        if not 0 <= elapsed <= self._gap * PERIODS[tier]:
            elapsed = 0.0
        for place, key in plan:
            if key not in self._told:
                self.totals[key] += reading.values[place] * elapsed

    def pause(self, uuid: str) -> None:
        """Nobody saw what happens from now to the next reading of *uuid*, however soon that is."""
        for tier in PERIODS:
            self._before.pop((uuid, tier), None)

    def spend(self, uuid: str, metric: Metric, labels: tuple[str, ...], amount: float) -> None:
        """Add *amount* to a counter that is no integral of one gauge; the next `reading` shows it.

        Spend 0 on each series as soon as its GPU is known: it then is there before its first increment, and goes on from
        what was kept over a restart. Two callers must not spend on one series, and none on an integral.

        Args:
            uuid: which GPU.
            metric: a counter whose source is `gpuvitals`.
            labels: the values of its own labels.
            amount: most often seconds; not negative.
        """
        key = Key(uuid, metric, labels)
        if key not in self.totals:
            self._open(key)
        self.totals[key] += amount

    def reading(self, uuid: str, at: float) -> Reading:
        """The totals of one GPU; those that the driver counts itself are left to its own readings.

        What the driver may count waits until each tier had its turn: else our 0 would come before the driver's count,
        and whoever adds up increases would take that for one.
        """
        shown = self._shown.get(uuid)
        if shown is None:
            keys = tuple(key for key in self._keys[uuid] if self._shows(key))
            series: tuple[Series, ...] = tuple((metric, labels) for _, metric, labels in keys)
            shown = self._shown[uuid] = self._layout(uuid, series), keys
        layout, keys = shown
        return Reading(at=at, layout=layout, values=tuple(map(self.totals.__getitem__, keys)))

    def _layout(self, uuid: str, series: tuple[Series, ...]) -> Layout:
        layout = self._layouts.get(uuid)
        if layout is None or layout.series != series:
            layout = self._layouts[uuid] = Layout(series)
        return layout

    def _shows(self, key: Key) -> bool:
        return key not in self._told and (
            key.metric.source == "gpuvitals" or key.uuid in self._heard_out
        )

    def _open(self, key: Key) -> None:
        """Begin a total, where it stopped if it was kept."""
        self.totals[key] = self._kept.get(key, 0.0)
        self._keys[key.uuid].append(key)
        self._shown.pop(key.uuid, None)

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
            self._shown.pop(uuid, None)
            for _, key in plan:
                if key not in self.totals and key not in self._told:
                    self._open(key)
            if len(self._plans) > _LAYOUTS:
                self._plans.popitem(last=False)
        return plan
