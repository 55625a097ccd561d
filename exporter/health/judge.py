"""What the readings of one GPU say of the causes in `exporter.health.causes`; each tier is judged when it arrives.

A cause that a reading cannot tell of (a blank, a link that saves power while idle) is not judged: what was found stays.
"""

from collections.abc import Iterator, Mapping

from catalog.limits import LOADED, STUCK
from catalog.metric import Metric
from catalog.metrics import clocks, ecc, memory, nvlink, pcie, power, profiling, utilization
from catalog.snapshot import Layout, Reading, Series, Tier
from exporter.health import causes
from exporter.health.causes import Cause

Verdict = tuple[Cause, str]
"""A cause and how it is so, for a person; empty if it is not so."""

LATELY = 60.0
"""Seconds since the last work in which a link's width is judged: a pause between two batches hides nothing."""
MEANWHILE = 2.0
"""The same for its generation, which boards lower within seconds of the last work."""

_VITAL = (
    (utilization.UTILIZATION, ()),
    (memory.USED, ()),
    (power.NOW, ()),
    (clocks.CLOCK, ("sm",)),
)
_FLAGS: tuple[tuple[Series, Cause], ...] = (
    ((ecc.REMAP_PENDING, ()), causes.ROW_REMAP_PENDING),
    ((ecc.REMAP_FAILURE, ()), causes.ROW_REMAP_FAILURE),
    ((ecc.REMAP_BANKS, ("none",)), causes.REMAP_BANKS_EXHAUSTED),
    ((ecc.SRAM_THRESHOLD, ()), causes.SRAM_THRESHOLD),
    ((ecc.UNREPAIRABLE, ()), causes.UNREPAIRABLE),
    ((ecc.RETIREMENT_PENDING, ()), causes.RETIREMENT_PENDING),
    *(((ecc.REPAIR_PENDING, (unit,)), cause) for unit, cause in causes.REPAIRS.items()),
    *(((ecc.RECOVERY_ACTION, (action,)), cause) for action, cause in causes.RECOVERY.items()),
)


class _Places:
    """Where a fast reading has what is judged each second."""

    def __init__(self, layout: Layout) -> None:
        places = {series: place for place, series in enumerate(layout.series)}
        self.vital = any(series in places for series in _VITAL)
        self.busy = places.get((utilization.UTILIZATION, ()))
        self.clock = places.get((clocks.CLOCK, ("sm",)))
        self.held = tuple(
            places[clocks.EVENT_ACTIVE, (reason,)]
            for reason in clocks.REASONS
            if (clocks.EVENT_ACTIVE, (reason,)) in places
        )
        self.throttles = tuple(
            (cause, places[clocks.EVENT_ACTIVE, (cause.name,)])
            for cause in causes.THROTTLES
            if (clocks.EVENT_ACTIVE, (cause.name,)) in places
        )


class Judge:
    """One GPU.

    Attributes:
        asks_for: the recovery action as it was last read; empty if the GPU cannot tell.
        resets: how often its counters began anew, which a reset or a new driver does.
    """

    def __init__(self) -> None:
        self.asks_for = ""
        self.resets = 0
        self._layout: Layout | None = None
        self._places = _Places(Layout(()))
        self._worked = float("-inf")
        self._highest: float | None = None
        self._uncorrected: dict[tuple[str, ...], float] = {}

    def judge(self, tier: Tier, reading: Reading) -> Iterator[Verdict]:
        """The verdicts of one reading."""
        if tier is Tier.FAST:
            yield from self._fast(reading)
            return
        values = dict(zip(reading.layout.series, reading.values, strict=True))
        if tier is Tier.MEDIUM:
            if values.get((profiling.SM_ACTIVE, ())):
                self._worked = reading.at
            yield from _nvlink(values)
        elif tier is Tier.SLOW:
            yield from self._slow(values, reading.at)
        elif tier is Tier.ONCE:
            self._highest = values.get((clocks.CLOCK_MAX, ("sm",)))

    # -- every second --------------------------------------------------------------------------------------------------

    def _fast(self, reading: Reading) -> Iterator[Verdict]:
        if reading.layout is not self._layout:
            self._layout, self._places = reading.layout, _Places(reading.layout)
        places, values = self._places, reading.values
        yield causes.ONLY_BLANKS, "" if places.vital else causes.ONLY_BLANKS.text
        busy = None if places.busy is None else values[places.busy]
        if busy:
            self._worked = reading.at
        named = False
        for cause, place in places.throttles:
            active = values[place] > 0 and not (named and cause.name == "hw_slowdown")
            named = named or active
            yield cause, cause.text if active else ""
        yield from self._clock(busy, values)

    def _clock(self, busy: float | None, values: tuple[float, ...]) -> Iterator[Verdict]:
        places = self._places
        if busy is None or places.clock is None or not places.held or not self._highest:
            return
        now = values[places.clock]
        stuck = (
            busy >= LOADED
            and now < STUCK * self._highest
            and not any(values[place] for place in places.held)
        )
        text = f"SM clock stuck at {now / 1e6:.0f} of {self._highest / 1e6:.0f} MHz"
        yield causes.CLOCK_STUCK, text if stuck else ""

    # -- every minute --------------------------------------------------------------------------------------------------

    def _slow(self, values: Mapping[Series, float], at: float) -> Iterator[Verdict]:
        for series, cause in _FLAGS:
            value = values.get(series)
            if value is not None:
                yield cause, cause.text if value else ""
        asked = [own for (metric, own), value in values.items() if _asks(metric) and value]
        self.asks_for = asked[0][0] if asked else ""
        yield from self._ecc(values)
        yield from self._pcie(values, at)

    def _ecc(self, values: Mapping[Series, float]) -> Iterator[Verdict]:
        """Errors since the reading before; those from before we looked are nobody's news."""
        now = {
            own[1:]: value
            for (metric, own), value in values.items()
            if metric is ecc.ERRORS and own[0] == "uncorrected"
        }
        if not now:
            return
        before, self._uncorrected = self._uncorrected, now
        more = {place: now[place] - before[place] for place in now.keys() & before.keys()}
        if any(count < 0 for count in more.values()):
            self.resets += 1
        where = ", ".join(
            f"{count:.0f} in {place[0].upper()}"
            for place, count in sorted(more.items())
            if count > 0
        )
        yield causes.ECC_UNCORRECTED, where and f"uncorrected ECC errors: {where}"

    def _pcie(self, values: Mapping[Series, float], at: float) -> Iterator[Verdict]:
        """A link that trained to less than GPU and slot support; what was read of an idle GPU says nothing."""
        below = [
            _below(values, pcie.GENERATION, pcie.GENERATION_MAX, "gen "),
            _below(values, pcie.WIDTH, pcie.WIDTH_MAX, "x"),
        ]
        if None in below:
            return
        if not any(below):
            yield causes.PCIE_LINK, ""
            return
        if at - self._worked > MEANWHILE:
            below[0] = ()
        parts = [part for part in below if part]
        if not parts or at - self._worked > LATELY:
            return
        now, most = (" ".join(part) for part in zip(*parts, strict=True))
        yield causes.PCIE_LINK, f"PCIe {now} of {most}"


def _asks(metric: Metric) -> bool:
    return metric is ecc.RECOVERY_ACTION


def _below(
    values: Mapping[Series, float], metric: Metric, highest: Metric, prefix: str
) -> tuple[str, ...] | None:
    now, most = values.get((metric, ())), values.get((highest, ()))
    if now is None or most is None:
        return None
    return (f"{prefix}{now:g}", f"{prefix}{most:g}") if now < most else ()


def _nvlink(values: Mapping[Series, float]) -> Iterator[Verdict]:
    """Links that are down; all of them down is a board without a bridge."""
    down, up = (values.get((nvlink.LINKS, (name,))) for name in ("inactive", "active"))
    if down is not None and up is not None:
        text = f"{down:.0f} NVLink{'' if down == 1 else 's'} down"
        yield causes.NVLINK_DOWN, text if down and up else ""
