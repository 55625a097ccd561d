"""The last 15 minutes of the series that the page draws, in memory, second by second."""

from types import MappingProxyType

from aiohttp import web

from catalog.metric import Kind
from catalog.snapshot import Layout, Reading, Series, Tier
from exporter.page.curve import Curve
from exporter.page.plots import RECENT as SERIES
from exporter.page.ring import SPAN, Rate, Ring
from exporter.page.sparkline import STEP, peaks
from probes.worker import PERIODS

_PERIODS = MappingProxyType({**PERIODS, Tier.ONCE: SPAN, Tier.DERIVED: PERIODS[Tier.FAST]})
_KEPT = frozenset(SERIES)
_BRIDGED = 2
"""A reading that is a little late leaves its slot empty, which is no gap."""
_NOTHING: tuple[Layout, tuple[tuple[int, Ring | Rate], ...]] = (Layout(()), ())


class Recent:
    """Listens to the hub; used from the event loop only."""

    def __init__(self) -> None:
        self._tracks: dict[str, dict[Series, Ring | Rate]] = {}
        self._plans = {("", Tier.FAST): _NOTHING}
        self._heard: dict[str, float] = {}
        self._peaks: dict[tuple[str, Series], tuple[int, Curve]] = {}

    def observe(self, uuid: str, tier: Tier, reading: Reading) -> None:
        """Keep what *reading* says of the series that are drawn."""
        layout, plan = self._plans.get((uuid, tier), _NOTHING)
        if layout is not reading.layout:
            plan = self._plan(uuid, tier, reading)
        self._heard[uuid] = reading.at
        for place, track in plan:
            track.put(reading.at, reading.values[place])

    def curve(self, uuid: str, series: Series, now: float, name: str = "") -> Curve | None:
        """The 15 minutes before *now* of one series; None if it was never read."""
        track = self._tracks.get(uuid, {}).get(series)
        if track is None:
            return None
        ring = track.ring if isinstance(track, Rate) else track
        start, values = ring.until(now)
        return Curve(name=name, start=start, step=ring.period, values=values, bridged=_BRIDGED)

    def peaks(self, uuid: str, series: Series, now: float) -> Curve | None:
        """The same in points of ten seconds; worked out when a point is full, and not every second."""
        curve = self.curve(uuid, series, now)
        if curve is None or curve.step >= STEP:
            return curve and peaks(curve)
        first = int(curve.start // STEP)
        known = self._peaks.get((uuid, series))
        if known is None or known[0] != first:
            known = self._peaks[uuid, series] = first, peaks(curve)
        return known[1]

    def _plan(
        self, uuid: str, tier: Tier, reading: Reading
    ) -> tuple[tuple[int, Ring | Rate], ...]:
        if uuid not in self._tracks:
            self._forget(reading.at - SPAN)
        tracks = self._tracks.setdefault(uuid, {})
        plan = tuple(
            (place, tracks.setdefault(series, _track(series, tier)))
            for place, series in enumerate(reading.layout.series)
            if series in _KEPT
        )
        self._plans[uuid, tier] = reading.layout, plan
        return plan

    def _forget(self, before: float) -> None:
        """Let go of GPUs that are not there any more."""
        gone = {uuid for uuid, at in self._heard.items() if at < before}
        for uuid in gone:
            del self._heard[uuid]
            self._tracks.pop(uuid, None)
        for uuid, series in [key for key in self._peaks if key[0] in gone]:
            del self._peaks[uuid, series]
        for uuid, tier in [key for key in self._plans if key[0] in gone]:
            del self._plans[uuid, tier]


def _track(series: Series, tier: Tier) -> Ring | Rate:
    counter = series[0].kind is Kind.COUNTER
    return Rate(_PERIODS[tier]) if counter else Ring(_PERIODS[tier])


RECENT = web.AppKey("recent", Recent)
