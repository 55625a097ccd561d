"""The vital signs of one GPU, each as a piece of markup: value, share, and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.metric import Metric, Unit
from catalog.metrics import clocks, ecc, memory, power, profiling, temperature, utilization
from catalog.snapshot import GpuView, Series
from exporter.page import words
from exporter.page.markup import Child, Markup, tag
from exporter.page.quantity import ABSENT, number, of, share, shown
from exporter.page.recent import Recent


@dataclass(frozen=True, slots=True)
class Vitals:
    """The newest values of one GPU, by series: looked up many times, so gathered once."""

    view: GpuView
    values: Mapping[Series, float]
    recent: Recent

    @classmethod
    def of(cls, view: GpuView, recent: Recent) -> "Vitals":
        values: dict[Series, float] = {}
        for reading in view.current():
            values.update(zip(reading.layout.series, reading.values, strict=True))
        return cls(view, values, recent)

    def get(self, metric: Metric, *labels: str) -> float | None:
        """The newest value of one series, None if there is none."""
        return self.values.get((metric, labels))

    def sum(self, metric: Metric, *labels: str) -> float | None:
        """Over the series whose first labels are *labels*, None if there are none."""
        found = [
            value
            for (candidate, own), value in self.values.items()
            if candidate is metric and own[: len(labels)] == labels
        ]
        return sum(found) if found else None

    def active(self, metric: Metric) -> tuple[str, ...] | None:
        """Which of a 0/1 family's labels are 1, None if the GPU cannot tell."""
        found = {
            own: value for (candidate, own), value in self.values.items() if candidate is metric
        }
        return tuple(own[0] for own, value in found.items() if value) if found else None


def busy(vitals: Vitals) -> Child:
    """Utilisation."""
    value = vitals.get(utilization.UTILIZATION)
    return _value(shown(value, Unit.RATIO)), bar(value)


def sm_active(vitals: Vitals) -> Child:
    """What the SMs really did."""
    return _value(shown(vitals.get(profiling.SM_ACTIVE), Unit.RATIO))


def memory_used(vitals: Vitals) -> Child:
    """Memory used of what is installed."""
    used, total = vitals.get(memory.USED), vitals.get(memory.TOTAL)
    return _value(of(used, total, Unit.BYTES)), bar(share(used, total))


def watts(vitals: Vitals) -> Child:
    """Power of its limit."""
    now, limit = vitals.get(power.NOW), vitals.get(power.LIMIT, "enforced")
    return _value(of(now, limit, Unit.WATTS)), bar(share(now, limit))


def heat(vitals: Vitals) -> Child:
    """Temperature of the GPU, and of its memory where there is a sensor."""
    die = vitals.get(temperature.TEMPERATURE, "gpu")
    stack = vitals.get(temperature.TEMPERATURE, "memory")
    second = stack if stack is None else f"mem {shown(stack, Unit.CELSIUS)}"
    return _value(shown(die, Unit.CELSIUS)), second and tag("span", second, class_="minor")


def sm_clock(vitals: Vitals) -> Child:
    """The clock of the SMs."""
    return _value(shown(vitals.get(clocks.CLOCK, "sm"), Unit.HERTZ))


def throttling(vitals: Vitals) -> Child:
    """What holds the clocks down; what is normal is muted."""
    reasons = vitals.active(clocks.EVENT_ACTIVE)
    if reasons is None:
        return ABSENT
    if not reasons:
        return tag("span", "none", class_="muted")
    return [
        tag("span", words.REASONS.get(reason, reason), class_=_manner(reason))
        for reason in sorted(reasons, key=lambda reason: reason in words.BENIGN)
    ]


def errors(vitals: Vitals) -> Child:
    """ECC errors since the driver was loaded."""
    return [
        tag(
            "span",
            _count(vitals.sum(ecc.ERRORS, kind)),
            tag("small", word),
            class_=_alarm(kind, vitals),
        )
        for kind, word in (("corrected", " corr."), ("uncorrected", " uncorr."))
    ]


def remap(vitals: Vitals) -> Child:
    """Whether a row waits to be remapped."""
    pending = vitals.get(ecc.REMAP_PENDING)
    if pending is None:
        return ABSENT
    return (
        tag("span", "pending", class_="alarm") if pending else tag("span", "none", class_="muted")
    )


def bar(filled: float | None) -> Markup | None:
    """A share as a bar; nothing if it is not known."""
    if filled is None:
        return None
    return tag(
        "svg",
        tag("rect", width="100%", height="100%", class_="track"),
        tag("rect", width=f"{filled:.1%}", height="100%", class_="fill"),
        class_="bar",
        aria_hidden="true",
    )


def _value(text: str) -> Markup:
    return tag("span", text, class_="value")


def _manner(reason: str) -> str:
    return "muted" if reason in words.BENIGN else "alarm"


def _count(value: float | None) -> str:
    return ABSENT if value is None else number(value)


def _alarm(kind: str, vitals: Vitals) -> str | None:
    return "alarm" if kind == "uncorrected" and vitals.sum(ecc.ERRORS, kind) else None
