"""Readings and minutes for the tests of this folder."""

from catalog.event import Event, EventKind, Severity
from catalog.metrics import clocks, power
from catalog.snapshot import Layout, Reading
from history.minute import CounterMinute, GaugeMinute, Key

DAY = 86_400
T0 = 20_000 * DAY  # a midnight, UTC
POWER = Key("GPU-a", power.NOW)
ENERGY = Key("GPU-a", power.ENERGY)
LAYOUT = Layout(((power.NOW, ()), (power.ENERGY, ()), (clocks.PERFORMANCE_STATE, ())))


def reading(at: float, watts: float, joules: float, layout: Layout = LAYOUT) -> Reading:
    """Power, energy, and one value that no history keeps."""
    return Reading(at=at, layout=layout, values=(watts, joules, 0.0))


def gauge(at: int, value: float, key: Key = POWER, covered: float = 60.0) -> GaugeMinute:
    """A minute in which the gauge stood still."""
    return GaugeMinute(
        at=at, key=key, low=value, mean=value, high=value, last=value, covered=covered
    )


def counter(at: int, increase: float, last: float, key: Key = ENERGY) -> CounterMinute:
    """A minute in which the counter gained *increase*."""
    return CounterMinute(at=at, key=key, increase=increase, last=last)


def event(
    at: float, message: str = "", kind: EventKind = EventKind.XID, uuid: str = "GPU-a"
) -> Event:
    """Something that happened."""
    return Event(at=at, kind=kind, severity=Severity.WARNING, message=message, uuid=uuid, code=63)
