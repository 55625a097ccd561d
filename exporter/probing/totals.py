"""What the probes count, per GPU: runs, skips, seconds, bytes, and the histogram of launch latencies."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from catalog import histogram
from catalog.metric import Kind, Metric
from catalog.metrics import probes
from catalog.probe import Outcome, Probe
from catalog.probe_skip import Skip
from catalog.snapshot import Exemplar, Layout, Reading
from history.minute import Key
from probes.active.task import BY_NAME

AT_ZERO = 60.0
"""Seconds for which a new series of skips is shown at 0, so that Prometheus sees its first increment."""
_MOST_SKIPS = 16
"""Series of skips of one GPU by probe and reason: all there could be would be a hundred more."""
_OURS = tuple(metric for metric in probes.FAMILIES if metric.kind is not Kind.GAUGE)
_VERIFY = frozenset((Probe.MEMORY_INTEGRITY,))


class ProbeTotals:
    """The running totals.

    Args:
        kept: what they start from; those of other counters are left alone.
    """

    def __init__(self, kept: Mapping[Key, float]) -> None:
        self.totals = {key: value for key, value in kept.items() if key.metric in _OURS}
        self._zero_until: dict[Key, float] = {}
        self._exemplars: dict[Key, Exemplar] = {}
        self._layouts: dict[str, Layout] = {}

    def welcome(self, uuid: str, tasks: Collection[str]) -> None:
        """Begin at 0 what will be counted of a GPU, but for skips: most of their reasons never come."""
        self._begin(uuid, probes.ELIGIBLE, [()])
        for name in tasks:
            self._begin(uuid, probes.RUNS, [(name, outcome.value) for outcome in Outcome])
            self._begin(uuid, probes.GPU_SECONDS, [(name,)])
            if BY_NAME[name].probe in _VERIFY:
                self._begin(uuid, probes.VERIFIED, [(name,)])
            if name == Probe.KERNEL_LATENCY:
                parts = histogram.parts(probes.LATENCY)
                self._begin(uuid, probes.LATENCY, [(part,) for part in parts])

    def ran(
        self, uuid: str, task: str, outcome: Outcome, gpu_seconds: float, verified: int
    ) -> None:
        """A run ended."""
        self._add(Key(uuid, probes.RUNS, (task, outcome.value)), 1)
        self._add(Key(uuid, probes.GPU_SECONDS, (task,)), gpu_seconds)
        if BY_NAME[task].probe in _VERIFY:
            self._add(Key(uuid, probes.VERIFIED, (task,)), verified)

    def delays(self, uuid: str, seconds: Sequence[float], trace_id: str, at: float) -> None:
        """Launches took *seconds* each; the slowest of each bucket leads to its trace."""
        parts = histogram.parts(probes.LATENCY)
        for part, amount in zip(parts, histogram.increases(probes.LATENCY, seconds), strict=True):
            self._add(Key(uuid, probes.LATENCY, (part,)), amount)
        for value in sorted(seconds):
            part = parts[histogram.bucket(probes.LATENCY, value)]
            exemplar = Exemplar(trace_id=trace_id, value=value, at=at)
            self._exemplars[Key(uuid, probes.LATENCY, (part,))] = exemplar

    def skipped(self, uuid: str, task: str, reason: Skip, now: float) -> bool:
        """A run did not take place; whether that is a new series, at a *now* of a clock that never jumps."""
        key = self._skip(uuid, task, reason)
        new = key not in self.totals
        if new:
            self._zero_until[key] = now + AT_ZERO
        self._add(key, 1)
        return new

    def _skip(self, uuid: str, task: str, reason: Skip) -> Key:
        """The series that counts it: once a GPU has many, what is new counts by its reason alone."""
        own = Key(uuid, probes.SKIPS, (task, reason.value))
        many = sum(key.uuid == uuid and key.metric is probes.SKIPS for key in self.totals)
        if own in self.totals or many < _MOST_SKIPS:
            return own
        return Key(uuid, probes.SKIPS, (probes.ANY, reason.value))

    def eligible(self, uuid: str, seconds: float) -> None:
        """A probe that needs an idle GPU could have run for *seconds*."""
        self._add(Key(uuid, probes.ELIGIBLE), seconds)

    def reading(self, uuid: str, at: float, now: float) -> Reading:
        """The totals of one GPU as they are shown."""
        keys = [key for key in self.totals if key.uuid == uuid]
        series = tuple((metric, labels) for _, metric, labels in keys)
        layout = self._layouts.get(uuid)
        if layout is None or layout.series != series:
            layout = self._layouts[uuid] = Layout(series)
        places = {key: place for place, key in enumerate(keys)}
        return Reading(
            at=at,
            layout=layout,
            values=tuple(self._shown(key, now) for key in keys),
            exemplars={
                places[key]: exemplar for key, exemplar in self._exemplars.items() if key in places
            },
        )

    def _shown(self, key: Key, now: float) -> float:
        until = self._zero_until.get(key)
        if until is None:
            return self.totals[key]
        if now < until:
            return 0.0
        del self._zero_until[key]
        return self.totals[key]

    def _begin(self, uuid: str, metric: Metric, labels: Iterable[tuple[str, ...]]) -> None:
        for own in labels:
            self.totals.setdefault(Key(uuid, metric, own), 0.0)

    def _add(self, key: Key, amount: float) -> None:
        self.totals[key] = self.totals.get(key, 0.0) + amount
