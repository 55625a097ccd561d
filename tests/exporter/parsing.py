"""What Prometheus' own client library reads in an exposition."""

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

from exporter.exposition import Format


def parsed(exposition: str, fmt: Format = Format.TEXT) -> list[Family]:
    """The families of *exposition*, in their order; OpenMetrics with its end mark."""
    if fmt is Format.TEXT:
        return list(text(exposition))
    return list(openmetrics(exposition))  # type: ignore[no-untyped-call] # untyped upstream


def names(exposition: str, fmt: Format = Format.TEXT) -> set[str]:
    """The names of the families in *exposition*."""
    return {family.name for family in parsed(exposition, fmt)}
