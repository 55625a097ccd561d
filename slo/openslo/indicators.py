"""From what a document says is measured to what our rules count."""

import re

from catalog.errors import ConfigError
from catalog.promql.expr import Aggregate, Binary, Call, Expr, Foreign, Number, Raw, Series
from catalog.yamlfile import Document, Place
from slo import tiles
from slo.indicator import Indicator, Ratio, Slices, counter
from slo.openslo.reach import unreachable
from slo.openslo.reading import path
from slo.openslo.shapes import IndicatorSpec, Metric, ObjectiveSpec, RatioMetric

_OPERATORS = {"lte": "<= bool", "lt": "< bool", "gte": ">= bool", "gt": "> bool"}
_SLICE = re.compile(r"(\d+)([sm])")
_SECONDS = {"s": 1, "m": 60}
_MINUTE = 60


class IndicatorReader:
    """Reads the indicator at one place of a document.

    Args:
        document, place: where its `spec` is written.
        by: the labels that the objective groups by.
    """

    def __init__(self, document: Document, place: Place, by: tuple[str, ...]) -> None:
        self._document = document
        self._place = place
        self._by = by

    def read(self, spec: IndicatorSpec, objective: ObjectiveSpec, method: str) -> Indicator:
        """What *objective* counts, by the budgeting *method*.

        Raises:
            ConfigError: it is not complete, or it contradicts itself.
        """
        if (spec.ratio_metric is None) == (spec.threshold_metric is None):
            raise self._wrong("give either ratioMetric or thresholdMetric")
        if spec.threshold_metric is not None:
            every = self._slice(objective, method) or _MINUTE
            return self._threshold(spec.threshold_metric, objective, every)
        assert spec.ratio_metric is not None  # noqa: S101 - one of the two is there
        if spec.ratio_metric.raw is not None:
            return self._finished(spec.ratio_metric, spec.ratio_metric.raw, objective, method)
        return self._ratio(spec.ratio_metric, objective, method)

    def _threshold(self, metric: Metric, objective: ObjectiveSpec, every: int) -> Slices:
        if objective.op is None or objective.value is None:
            raise self._wrong("a thresholdMetric needs `op` and `value` in the objective")
        if complaint := unreachable(
            metric.metric_source.spec.query, objective.op, objective.value
        ):
            raise self._wrong(complaint, "thresholdMetric")
        worst = Aggregate(
            "min" if objective.op.startswith("g") else "max", self._by, self._raw(metric)
        )
        return Slices(
            good=Binary(_OPERATORS[objective.op], worst, Number(objective.value)), every=every
        )

    def _ratio(self, ratio: RatioMetric, objective: ObjectiveSpec, method: str) -> Indicator:
        if ratio.total is None:
            raise self._wrong("a ratio needs `total`", "ratioMetric")
        if (ratio.good is None) == (ratio.bad is None):
            raise self._wrong("give either `good` or `bad` beside `total`", "ratioMetric")
        if not ratio.counter:
            raise self._wrong(
                "`counter: true` is expected: good, bad and total must be counters that only grow",
                "ratioMetric",
            )
        found = Ratio(
            total=self._counter(ratio.total, "total"),
            good=self._counter(ratio.good, "good") if ratio.good else None,
            bad=self._counter(ratio.bad, "bad") if ratio.bad else None,
        )
        every = self._slice(objective, method)
        return self._sliced(found, objective, method, every) if every else found

    def _sliced(self, ratio: Ratio, objective: ObjectiveSpec, method: str, every: int) -> Slices:
        """Slices of a ratio of counters; one in which nothing happened is good."""
        window = f"{every}s"
        total = self._gain(ratio.total, window)
        if ratio.bad is not None:
            bad = self._gain(ratio.bad, window).or_(total * 0)
        else:
            assert ratio.good is not None  # noqa: S101 - Ratio holds one of the two
            bad = total - self._gain(ratio.good, window).or_(total * 0)
        good = Number(1) - tiles.share(bad, total)
        if method == "RatioTimeslices":
            share = Call("clamp", (good, Number(0), Number(1)))
            return Slices(good=share, every=every, ratio=ratio)
        reached = good.reaches(self._slice_target(objective))
        return Slices(good=reached, every=every, ratio=ratio)

    def _gain(self, series: Series, window: str) -> Expr:
        return Aggregate("sum", self._by, Call("increase", (series.over(window),)))

    def _finished(
        self, ratio: RatioMetric, raw: Metric, objective: ObjectiveSpec, method: str
    ) -> Slices:
        """Slices of a ratio that somebody else computed."""
        if ratio.raw_type is None:
            raise self._wrong("`raw` needs `rawType`: success or failure", "ratioMetric")
        if ratio.good or ratio.bad or ratio.total:
            raise self._wrong("`raw` stands alone, without good, bad and total", "ratioMetric")
        given = Aggregate("avg", self._by, self._raw(raw))
        good = given if ratio.raw_type == "success" else Number(1) - given
        every = self._slice(objective, method) or _MINUTE
        if method == "Timeslices":
            return Slices(good=good.reaches(self._slice_target(objective)), every=every)
        return Slices(good=Call("clamp", (good, Number(0), Number(1))), every=every)

    # -- parts -------------------------------------------------------------------------------------------------------

    def _counter(self, metric: Metric, name: str) -> Foreign:
        try:
            return counter(metric.metric_source.spec.query)
        except ConfigError as wrong:
            place = ("ratioMetric", name, "metricSource", "spec", "query")
            raise self._wrong(str(wrong), *place) from wrong

    def _raw(self, metric: Metric) -> Raw:
        return Raw(metric.metric_source.spec.query.strip())

    def _slice(self, objective: ObjectiveSpec, method: str) -> int:
        """Seconds of a slice; 0 if events are counted."""
        if method == "Occurrences":
            return 0
        match = _SLICE.fullmatch(objective.time_slice_window)
        if match is None:
            raise self._wrong(
                f"{method} needs `timeSliceWindow` in the objective, such as 1m; got {objective.time_slice_window!r}"
            )
        return int(match[1]) * _SECONDS[match[2]]

    def _slice_target(self, objective: ObjectiveSpec) -> float:
        target = objective.time_slice_target
        if target is None or not 0 < target <= 1:
            raise self._wrong(
                f"Timeslices need `timeSliceTarget` in the objective, above 0 and at most 1; got {target}"
            )
        return target

    def _wrong(self, message: str, *inner: str) -> ConfigError:
        place = (*self._place, *inner)
        return self._document.error(f"{path(place)}: {message}", *place)
