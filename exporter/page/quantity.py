"""How a value is written for a person: 92.1 GiB, 612 W, 1.98 GHz, 64 °C, 3 h 12 min. Absent is a dash, never 0."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from catalog.metric import Unit

ABSENT = "\u2013"
_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit to write values in: they are divided by `divisor` first."""

    divisor: float
    symbol: str


_BINARY = (
    Scale(1, "B"),
    Scale(2**10, "KiB"),
    Scale(2**20, "MiB"),
    Scale(2**30, "GiB"),
    Scale(2**40, "TiB"),
    Scale(2**50, "PiB"),
)
# Links are rated in powers of ten, memory in powers of two.
_RATES = (Scale(1, "B/s"), Scale(1e3, "kB/s"), Scale(1e6, "MB/s"), Scale(1e9, "GB/s"))
_SCALES = MappingProxyType(
    {
        Unit.BYTES: _BINARY,
        Unit.BYTES_PER_SECOND: _RATES,
        Unit.CELSIUS: (Scale(1, "°C"),),
        Unit.HERTZ: (Scale(1e6, "MHz"), Scale(1e9, "GHz")),
        Unit.JOULES: (Scale(1, "J"), Scale(1e3, "kJ"), Scale(3.6e6, "kWh")),
        Unit.RATIO: (Scale(0.01, "%"),),
        Unit.SECONDS: (Scale(1, "s"),),
        Unit.WATTS: (Scale(1, "W"), Scale(1e4, "kW")),
        Unit.NONE: (Scale(1, ""),),
    }
)
_KILOWATT = 1e3
_PARTS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_SHORT = 60


def scale(unit: Unit, largest: float) -> Scale:
    """The largest unit in which *largest* is at least 1."""
    fitting = [each for each in _SCALES[unit] if each.divisor <= abs(largest)]
    chosen = fitting[-1] if fitting else _SCALES[unit][0]
    return Scale(_KILOWATT, chosen.symbol) if chosen.symbol == "kW" else chosen


def number(value: float) -> str:
    """Three significant digits, whole numbers in full."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{0 if value == int(value) else min(digits, 3)}f}"


def shown(value: float | None, unit: Unit) -> str:
    """*value* with its unit."""
    if value is None or math.isnan(value):
        return ABSENT
    if unit is Unit.SECONDS:
        return duration(value)
    chosen = scale(unit, value)
    scaled = value / chosen.divisor
    rounded = unit in (Unit.CELSIUS, Unit.WATTS, Unit.RATIO) and chosen.divisor <= 1
    text = _whole(scaled) if rounded else number(scaled)
    return f"{text}{_SPACE}{chosen.symbol}".rstrip()


def of(value: float | None, total: float | None, unit: Unit) -> str:
    """*value* of *total* in the unit of the total: `92.1 / 141 GiB`."""
    if value is None or total is None:
        return shown(value, unit)
    chosen = scale(unit, total)
    parts = (number(each / chosen.divisor) for each in (value, total))
    return f"{f'{_SPACE}/{_SPACE}'.join(parts)}{_SPACE}{chosen.symbol}"


def duration(seconds: float) -> str:
    """At most two parts: `12.3 s`, `4 min 5 s`, `3 d 2 h`."""
    if seconds < _SHORT:
        return f"{number(round(seconds, 1))}{_SPACE}s"
    parts: list[str] = []
    left = int(seconds)
    for size, symbol in _PARTS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count:,}{_SPACE}{symbol}")
    return f"{_SPACE}".join(part for part in parts[:2] if not part.startswith("0"))


def share(value: float | None, total: float | None) -> float | None:
    """*value* as a share of *total*, within 0 to 1."""
    if value is None or not total:
        return None
    return min(max(value / total, 0.0), 1.0)


def total(values: Sequence[float | None]) -> float | None:
    """The sum of what is known, None if nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _whole(value: float) -> str:
    return f"{value:.1f}" if 0 < value < 9.95 and value != int(value) else f"{value:,.0f}"
