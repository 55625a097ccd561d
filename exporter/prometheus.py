"""The exporter's own metrics. Those of its process are prometheus_client's: the only module that imports it.

Ours are written by our own line writer: prometheus_client takes three times as long over the collectors' histograms as the
samples of eight GPUs take.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from catalog.errors import CatalogError
from catalog.metric import Metric
from exporter.exposition import Format, escape_label, header, number

# From the cheapest collector (10 µs) to the deadline of a call (3 s).
_BUCKETS = (0.0001, 0.001, 0.01, 0.1, 1.0, 3.0)
_BOUNDS = (*map(str, _BUCKETS), "+Inf")
_END = "# EOF\n"


class _Histogram:
    """The observations of one series.

    Attributes:
        counts: per bucket, those of lower ones not included.
        text: the samples as they were last written; empty when there is something new.
    """

    __slots__ = ("counts", "text", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0
        self.text = ""

    def observe(self, value: float) -> None:
        self.counts[bisect_left(_BUCKETS, value)] += 1
        self.total += value
        self.text = ""


class Instruments:
    """What we count of ourselves; each series exists from its first use on."""

    def __init__(self) -> None:
        self._process = CollectorRegistry(auto_describe=True)  # finds them by name
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        self._numbers: defaultdict[Metric, defaultdict[str, float]] = defaultdict(
            lambda: defaultdict(float)
        )
        self._histograms: defaultdict[Metric, defaultdict[str, _Histogram]] = defaultdict(
            lambda: defaultdict(_Histogram)
        )
        self._texts: dict[Metric, str] = {}  # of the families that did not change since

    def add(self, metric: Metric, amount: float = 1, /, **labels: str) -> None:
        """Count *amount* more."""
        self._texts.pop(metric, None)
        self._numbers[metric][_pairs(metric, labels)] += amount

    def set(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Show *value* from now on."""
        self._texts.pop(metric, None)
        self._numbers[metric][_pairs(metric, labels)] = value

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Put *value* into the histogram."""
        self._texts.pop(metric, None)
        self._histograms[metric][_pairs(metric, labels)].observe(value)

    def writes(self, name: str) -> bool:
        """Whether there is a sample called *name* about the process."""
        return any(True for _ in self._process.restricted_registry((name,)).collect())

    def render(
        self,
        fmt: Format,
        names: frozenset[str] | None = None,
        off: frozenset[Metric] = frozenset(),
    ) -> str:
        """The samples, without OpenMetrics' end mark; only the families called *names*, if given, and none of *off*."""
        return self._about_process(fmt, names) + "".join(
            header(metric, fmt) + self._text(metric)
            for metric in (*self._numbers, *self._histograms)
            if metric not in off and (names is None or metric.name in names)
        )

    def _about_process(self, fmt: Format, names: frozenset[str] | None) -> str:
        registry = self._process.restricted_registry(names) if names is not None else self._process
        if fmt is Format.OPENMETRICS:
            text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
            return text.decode().removesuffix(_END)
        return generate_latest(registry).decode()

    def _text(self, metric: Metric) -> str:
        """The samples of one family."""
        text = self._texts.get(metric)
        if text is None:
            if metric in self._numbers:
                lines = _number_lines(metric.name, self._numbers[metric])
            else:
                lines = _histogram_lines(metric.name, self._histograms[metric])
            text = self._texts[metric] = "".join(lines)
        return text


def _pairs(metric: Metric, labels: Mapping[str, str]) -> str:
    """The labels as they are written, without their braces."""
    if labels.keys() != set(metric.labels):
        raise CatalogError(f"{metric.name} takes {metric.labels}, got {tuple(labels)}")
    return ",".join(f'{name}="{escape_label(labels[name])}"' for name in metric.labels)


def _number_lines(name: str, numbers: Mapping[str, float]) -> Iterator[str]:
    for pairs, value in numbers.items():
        yield f"{name}{_braced(pairs)} {number(float(value))}\n"


def _histogram_lines(name: str, histograms: Mapping[str, _Histogram]) -> Iterator[str]:
    for pairs, histogram in histograms.items():
        if not histogram.text:
            histogram.text = "".join(_parts(name, pairs, histogram))
        yield histogram.text


def _parts(name: str, pairs: str, histogram: _Histogram) -> Iterator[str]:
    count, more = 0, f"{pairs}," if pairs else ""
    for bound, added in zip(_BOUNDS, histogram.counts, strict=True):
        count += added
        yield f'{name}_bucket{{{more}le="{bound}"}} {count}\n'
    yield f"{name}_count{_braced(pairs)} {count}\n"
    yield f"{name}_sum{_braced(pairs)} {number(histogram.total)}\n"


def _braced(pairs: str) -> str:
    return f"{{{pairs}}}" if pairs else ""
