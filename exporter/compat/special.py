"""Fields that are no sum of series of ours: the last Xid, Xids by code, bits, a rate."""

from collections.abc import Callable, Iterator, Mapping

from catalog.metrics import clocks, events, nvlink
from catalog.snapshot import GpuView, Series, Tier
from catalog.xid import lookup

Values = Mapping[Series, float]
"""What is known of a GPU now."""
Found = tuple[tuple[tuple[str, str], ...], float]
"""Labels that come with a value, and the value."""

# nvmlClocksEventReason* of nvml.h.
_BITS = {
    "gpu_idle": 0x1,
    "applications_clocks_setting": 0x2,
    "sw_power_cap": 0x4,
    "hw_slowdown": 0x8,
    "sync_boost": 0x10,
    "sw_thermal_slowdown": 0x20,
    "hw_thermal_slowdown": 0x40,
    "hw_power_brake_slowdown": 0x80,
    "display_clock_setting": 0x100,
}


def last_xid(values: Values) -> Iterator[Found]:
    """The code of the last Xid; of two at the same moment the higher one. 0 stands for none, as DCGM has it."""
    seen = [
        (at, int(labels[0]))
        for (metric, labels), at in values.items()
        if metric is events.XID_LAST
    ]
    code = max(seen)[1] if seen else 0
    text = lookup.explain(code).description if code else "No Error"
    yield (("err_code", str(code)), ("err_msg", text)), float(code)


def xids(values: Values) -> Iterator[Found]:
    """Each code that happened."""
    counts: dict[str, float] = {}
    for (metric, labels), count in values.items():
        if metric is events.XID_ERRORS and count:
            counts[labels[0]] = counts.get(labels[0], 0.0) + count
    for code, count in counts.items():
        yield (("xid", code),), count


def clock_event_bits(values: Values) -> Iterator[Found]:
    """The reasons as a number; nothing if the GPU does not tell them."""
    told = [(clocks.EVENT_ACTIVE, (reason,)) for reason in _BITS]
    if any(series in values for series in told):
        yield (), float(sum(_BITS[series[1][0]] for series in told if values.get(series)))


SPECIAL: dict[str, Callable[[Values], Iterator[Found]]] = {
    "last_xid": last_xid,
    "xids": xids,
    "clock_event_bits": clock_event_bits,
}


class LinkRates:
    """Rates over all NVLinks of each GPU, from its byte counters: those of two scrapes that saw different readings."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[float, float]] = {}
        self._rates: dict[str, float] = {}

    def rate(self, view: GpuView, values: Values) -> Iterator[Found]:
        """Bytes a second; nothing before the second reading, or where there is no link."""
        uuid, reading = view.identity.uuid, view.readings.get(Tier.MEDIUM)
        both = [values.get((metric, ())) for metric in (nvlink.RECEIVE, nvlink.TRANSMIT)]
        if reading is None or None in both:
            return
        total = sum(filter(None, both))
        at, before = self._before.get(uuid, (reading.at, total))
        if reading.at != at or uuid not in self._before:
            self._before[uuid] = reading.at, total
            if reading.at > at and total >= before:
                self._rates[uuid] = (total - before) / (reading.at - at)
        if uuid in self._rates:
            yield (), self._rates[uuid]
