"""Whether we see: the exporters, the driver, and Prometheus itself."""

from alerts.example import Given, steady
from alerts.policy import Policy, Scope, Severity
from catalog import scrape
from catalog.metrics import availability, exporter, state
from catalog.promql import functions as q
from catalog.promql.expr import Expr, Select

STALE_SECONDS = 120
"""Age from which nothing that a GPU shows is believed."""
ATTRIBUTION_SECONDS = 300
_LOG = "See the exporter's log on {{ $labels.node }}."
_NOW = q.least(q.now() - q.select(state.LAST_READ), "instance")
_EXPECTED = q.total(q.rate(q.select(availability.EXPECTED), "5m"), "instance")
_UP = q.total(q.select(state.UP), "instance")
_RELEASED = q.select(exporter.DRIVER_RELEASED).equals(1)
"""Maintenance that was announced: the exporter holds nothing of the driver, as it was told."""


def _grew(series: Select, window: str = "15m", above: float = 0) -> Expr:
    return q.of_node(q.total(q.increase(series, window), "instance") > above)


def _counted(name: str, series: Select, example: Select, meaning: str, above: float = 0) -> Policy:
    return Policy(
        name=name,
        scope=Scope.NODE,
        severity=Severity.TICKET,
        condition=_grew(series, above=above),
        example=(Given(series=example, bad=1, short=0),),
        meaning=meaning,
        value="{{ $value }} in 15 minutes.",
        action=_LOG,
        lasting="1m",
        explained_by=("ExporterDown",),
    )


EXPORTER_DOWN = Policy(
    name="ExporterDown",
    scope=Scope.NODE,
    severity=Severity.PAGE,
    condition=q.of_node(q.select(scrape.UP).equals(0) + 1),
    example=(Given(series=q.select(scrape.UP), bad=0, short=1, good=1),),
    meaning="The exporter of the node does not answer: the node is down, or nobody watches its GPUs.",
    action="See whether node {{ $labels.node }} is reachable, then whether its exporter runs.",
    lasting="2m",
)
STALE = Policy(
    name="ExporterSnapshotStale",
    scope=Scope.NODE,
    severity=Severity.PAGE,
    condition=q.of_node((_NOW > STALE_SECONDS).unless_on(_RELEASED, "instance")),
    example=(
        Given(
            series=q.select(state.LAST_READ), bad=STALE_SECONDS + 30, short=STALE_SECONDS, good=1
        ),
    ),
    others=(
        (
            Given(series=q.select(state.LAST_READ), bad=300, short=300, good=1),
            Given(series=q.select(exporter.DRIVER_RELEASED), bad=0, short=1),
        ),
    ),
    meaning="The exporter of the node answers, but has read none of its GPUs for minutes.",
    value="The newest reading is {{ $value }} seconds old.",
    action=_LOG,
    lasting="1m",
    explained_by=("DriverDown", "ExporterDown", "GpuHung", "GpuLost"),
)
DRIVER_DOWN = Policy(
    name="DriverDown",
    scope=Scope.NODE,
    severity=Severity.PAGE,
    condition=q.of_node(
        q.select(exporter.DRIVER_UP).equals(0).unless_on(_RELEASED, "instance") + 1
    ),
    example=(Given(series=q.select(exporter.DRIVER_UP), bad=0, short=1, good=1),),
    others=(
        (
            Given(series=q.select(exporter.DRIVER_UP), bad=0, short=0, good=1),
            Given(series=q.select(exporter.DRIVER_RELEASED), bad=0, short=1),
        ),
    ),
    meaning="The driver of the node is not loaded, or finds no GPU.",
    action="Run `nvidia-smi` on {{ $labels.node }} and see its kernel log; an upgrade may have failed.",
    lasting="5m",
    explained_by=("ExporterDown",),
)
TOO_FEW = Policy(
    name="GpuCountBelowExpected",
    scope=Scope.NODE,
    severity=Severity.PAGE,
    # Seconds are expected of each GPU that the node should have, of one that was never found too.
    condition=q.of_node(((_EXPECTED - _UP) > 0.5).unless_on(_RELEASED, "instance")),
    example=(
        Given(series=q.select(state.UP), bad=0, short=1, good=1),
        steady(q.select(availability.EXPECTED), 60),
    ),
    others=(
        (
            Given(series=q.select(state.UP), bad=0, short=0, good=1),
            steady(q.select(availability.EXPECTED), 60),
            Given(series=q.select(exporter.DRIVER_RELEASED), bad=0, short=1),
        ),
    ),
    meaning="Fewer GPUs of the node answer than it should have.",
    value="{{ $value }} are missing.",
    action="See which are lost or hung on the node's page, and whether the kernel log tells of PCIe.",
    lasting="5m",
    explained_by=("DriverDown", "ExporterDown", "ExporterSnapshotStale", "GpuHung", "GpuLost"),
)
RESTARTING = _counted(
    "ExporterReaderRestarting",
    q.select(exporter.READER_RESTARTS),
    q.select(exporter.READER_RESTARTS, reason="died"),
    "The exporter's process that reads the driver ends again and again.",
    above=3,
)
ATTRIBUTION_STALE = Policy(
    name="ExporterAttributionStale",
    scope=Scope.NODE,
    severity=Severity.TICKET,
    condition=q.of_node(
        (q.now() - q.select(exporter.ATTRIBUTION_LAST_SUCCESS)) > ATTRIBUTION_SECONDS
    ),
    labels=("source",),
    example=(
        Given(
            series=q.select(exporter.ATTRIBUTION_LAST_SUCCESS, source="kubelet"),
            bad=ATTRIBUTION_SECONDS + 60,
            short=ATTRIBUTION_SECONDS,
            good=5,
        ),
    ),
    meaning="The exporter no longer learns from {{ $labels.source }} who uses which GPU.",
    value="The last answer is {{ $value }} seconds old.",
    action=_LOG,
    lasting="5m",
    explained_by=("ExporterDown",),
)
RECORDS_LOST = _counted(
    "KernelLogRecordsLost",
    q.select(exporter.KERNEL_LOG_LOST),
    q.select(exporter.KERNEL_LOG_LOST),
    "Records of the node's kernel log were overwritten before they were read; Xids may be among them.",
)
BUDGET = _counted(
    "ExporterSeriesBudgetExceeded",
    q.select(exporter.SERIES_DROPPED),
    q.select(exporter.SERIES_DROPPED, metric="any"),
    "The exporter leaves out series because a budget is used up.",
)
NOT_INGESTING = Policy(
    name="PrometheusNotIngesting",
    scope=Scope.FLEET,
    severity=Severity.PAGE,
    condition=q.absent(q.select(scrape.UP)),
    meaning="Prometheus scrapes no exporter of ours at all: no other alert can fire.",
    action="See the targets of Prometheus, and the name of the scrape job.",
    lasting="10m",
)
WATCHDOG = Policy(
    name="Watchdog",
    scope=Scope.FLEET,
    severity=Severity.INFO,
    condition=q.always(),
    meaning="Alerts arrive; this one always fires, and whoever does not hear of it must raise the alarm.",
    action="Nothing, while it is heard.",
    at_once="it always holds",
)

POLICIES = (
    EXPORTER_DOWN,
    STALE,
    DRIVER_DOWN,
    TOO_FEW,
    RESTARTING,
    ATTRIBUTION_STALE,
    RECORDS_LOST,
    BUDGET,
    NOT_INGESTING,
    WATCHDOG,
)
