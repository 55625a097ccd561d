"""The exporter's own metrics, kept and written by prometheus_client: the only module that imports it."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from catalog.metric import Kind, Metric
from exporter.exposition import Format

# From the cheapest collector (10 µs) to the deadline of a call (3 s).
_BUCKETS = (0.0001, 0.001, 0.01, 0.1, 1.0, 3.0)
_END = "# EOF\n"


class Instruments:
    """One registry and one instrument per catalogued metric, made on first use."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._made: dict[Metric, Counter | Gauge | Histogram] = {}

    def add(self, metric: Metric, amount: float = 1, /, **labels: str) -> None:
        """Count *amount* more."""
        instrument = self._instrument(metric)
        (instrument.labels(**labels) if labels else instrument).inc(amount)  # type: ignore[union-attr]

    def set(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Show *value* from now on."""
        instrument = self._instrument(metric)
        (instrument.labels(**labels) if labels else instrument).set(value)  # type: ignore[union-attr]

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Put *value* into the histogram."""
        instrument = self._instrument(metric)
        (instrument.labels(**labels) if labels else instrument).observe(value)  # type: ignore[union-attr]

    def _instrument(self, metric: Metric) -> Counter | Gauge | Histogram:
        known = self._made.get(metric)
        if known is None:
            known = self._made[metric] = _instrument(metric, self.registry)
        return known

    def render(self, fmt: Format, names: frozenset[str] | None = None) -> str:
        """The samples, without OpenMetrics' end mark; only the families called *names*, if given."""
        registry = self.registry.restricted_registry(names) if names is not None else self.registry
        if fmt is Format.OPENMETRICS:
            text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
            return text.decode().removesuffix(_END)
        return generate_latest(registry).decode()


def _instrument(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    arguments = (metric.name, metric.help, metric.labels)
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(*arguments, buckets=_BUCKETS, registry=registry)
    return (Counter if metric.kind is Kind.COUNTER else Gauge)(*arguments, registry=registry)
