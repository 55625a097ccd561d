"""The fields of each kind of OpenSLO document, as https://github.com/OpenSLO/OpenSLO/tree/v1.0 names them."""

from collections.abc import Iterator
from typing import Literal

import msgspec

API = "openslo/v1"


class _Shape(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What all have in common: camelCase, and nothing that the standard does not know."""


class Metadata(_Shape):
    """Who a document is; ours are the annotations that begin with `gpuvitals.dev/`."""

    name: str
    display_name: str = ""
    labels: dict[str, str | list[str]] = {}
    annotations: dict[str, str] = {}


class Query(_Shape):
    """What a Prometheus is asked."""

    query: str


class MetricSource(_Shape):
    """Where a metric comes from."""

    spec: Query
    metric_source_ref: str = ""
    type: str = ""


class Metric(_Shape):
    """A query and where it is put."""

    metric_source: MetricSource


class RatioMetric(_Shape):
    """Good or bad events of all, or a ratio that somebody else computed."""

    counter: bool = False
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None


class IndicatorSpec(_Shape):
    """What is measured."""

    description: str = ""
    ratio_metric: RatioMetric | None = None
    threshold_metric: Metric | None = None


def metrics(spec: IndicatorSpec) -> Iterator[tuple[tuple[str, ...], Metric]]:
    """The metrics of an indicator, and where in it they are written."""
    if spec.threshold_metric:
        yield ("thresholdMetric",), spec.threshold_metric
    for name in ("good", "bad", "total", "raw") if spec.ratio_metric else ():
        metric = getattr(spec.ratio_metric, name)
        if metric:
            yield ("ratioMetric", name), metric


class InlineIndicator(_Shape):
    """An indicator inside an SLO."""

    metadata: Metadata
    spec: IndicatorSpec


class Calendar(_Shape):
    """When calendar windows begin."""

    start_time: str
    time_zone: str


class TimeWindow(_Shape):
    """The time that a budget is for."""

    duration: str
    is_rolling: bool = False
    calendar: Calendar | None = None


class ObjectiveSpec(_Shape):
    """One promise; an SLO may hold several."""

    display_name: str = ""
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    value: float | None = None
    target: float | None = None
    target_percent: float | None = None
    time_slice_target: float | None = None
    time_slice_window: str = ""
    indicator: InlineIndicator | None = None
    indicator_ref: str = ""
    composite_weight: float | None = None


class ConditionTerms(_Shape):
    """When an alert condition holds."""

    kind: Literal["burnrate"]
    op: Literal["lte", "gte", "lt", "gt"]
    threshold: float
    lookback_window: str
    alert_after: str = ""


class ConditionSpec(_Shape):
    """A condition and how bad it is."""

    severity: str
    condition: ConditionTerms
    description: str = ""


class InlineCondition(_Shape):
    """A condition inside an alert policy, or a reference to one."""

    condition_ref: str = ""
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: ConditionSpec | None = None


class TargetSpec(_Shape):
    """Whom an alert tells."""

    target: str
    description: str = ""


class InlineTarget(_Shape):
    """A target inside an alert policy, or a reference to one."""

    target_ref: str = ""
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: TargetSpec | None = None


class PolicySpec(_Shape):
    """When somebody is told, and who."""

    conditions: list[InlineCondition]
    notification_targets: list[InlineTarget]
    description: str = ""
    alert_when_no_data: bool = False
    alert_when_resolved: bool = False
    alert_when_breaching: bool = True


class InlinePolicy(_Shape):
    """A policy inside an SLO, or a reference to one."""

    alert_policy_ref: str = ""
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: PolicySpec | None = None


class SloSpec(_Shape):
    """One SLO."""

    service: str
    time_window: list[TimeWindow]
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: list[ObjectiveSpec]
    description: str = ""
    indicator: InlineIndicator | None = None
    indicator_ref: str = ""
    alert_policies: list[InlinePolicy | str] = []


class ServiceSpec(_Shape):
    """A service is its name."""

    description: str = ""


class DataSourceSpec(_Shape):
    """A server to ask."""

    type: str
    connection_details: dict[str, str] = {}
    description: str = ""


class Any(_Shape):
    """A document, whatever its kind."""

    api_version: Literal["openslo/v1"]
    kind: str
    metadata: Metadata


class Slo(Any):
    """`kind: SLO`."""

    spec: SloSpec


class Indicator(Any):
    """`kind: SLI`."""

    spec: IndicatorSpec


class Service(Any):
    """`kind: Service`."""

    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)


class DataSource(Any):
    """`kind: DataSource`."""

    spec: DataSourceSpec


class Policy(Any):
    """`kind: AlertPolicy`."""

    spec: PolicySpec


class Condition(Any):
    """`kind: AlertCondition`."""

    spec: ConditionSpec


class Target(Any):
    """`kind: AlertNotificationTarget`."""

    spec: TargetSpec


KINDS: dict[str, type[Any]] = {
    "SLO": Slo,
    "SLI": Indicator,
    "Service": Service,
    "DataSource": DataSource,
    "AlertPolicy": Policy,
    "AlertCondition": Condition,
    "AlertNotificationTarget": Target,
}
"""What `kind` may be."""
