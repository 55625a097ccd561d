"""What the exporter says of itself."""

from catalog.metric import Kind, Metric, Scope, Unit

BUILD_INFO = Metric(
    name="gpuvitals_build_info",
    kind=Kind.GAUGE,
    help="The version that runs, the source that it reads and its node; always 1, to be joined on instance.",
    source="gpuvitals",
    labels=("version", "source", "node"),
    scope=Scope.EXPORTER,
    plausible=(0, 1),
)
DRIVER_UP = Metric(
    name="gpuvitals_driver_up",
    kind=Kind.GAUGE,
    help="Whether the driver is loaded and has devices.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
    plausible=(0, 1),
)
DRIVER_RELEASED = Metric(
    name="gpuvitals_driver_released",
    kind=Kind.GAUGE,
    help="Whether the exporter was told to let go of the driver, and the time for that is not over.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
    plausible=(0, 1),
)
COLLECTOR_DURATION = Metric(
    name="gpuvitals_collector_duration_seconds",
    kind=Kind.HISTOGRAM,
    unit=Unit.SECONDS,
    help="How long one collector took on one GPU.",
    source="gpuvitals",
    labels=("collector",),
    scope=Scope.EXPORTER,
)
COLLECTOR_FAILURES = Metric(
    name="gpuvitals_collector_failures_total",
    kind=Kind.COUNTER,
    help="Questions that the driver answered with an error, by collector and reason: unknown, timeout, reset_required "
    "or other, which the log names when it is new; collector `events` is the wait for NVML's events. What is denied shows "
    "in gpuvitals_collector_permission_denied instead.",
    source="gpuvitals",
    labels=("collector", "reason"),
    scope=Scope.EXPORTER,
)
PERMISSION_DENIED = Metric(
    name="gpuvitals_collector_permission_denied",
    kind=Kind.GAUGE,
    help="Whether a collector lacks permission for a part of what it reads.",
    source="gpuvitals",
    labels=("collector",),
    scope=Scope.EXPORTER,
    plausible=(0, 1),
)
VALUES_REJECTED = Metric(
    name="gpuvitals_values_rejected_total",
    kind=Kind.COUNTER,
    help="Values that the driver gave and that cannot be true: its blanks (reason blank), or outside the metric's "
    "plausible range (out_of_range). The log names the metric when it is new.",
    source="gpuvitals",
    labels=("collector", "reason"),
    scope=Scope.EXPORTER,
)
READER_RESTARTS = Metric(
    name="gpuvitals_reader_restarts_total",
    kind=Kind.COUNTER,
    help="Restarts of the child process that reads the driver, by cause.",
    source="gpuvitals",
    labels=("reason",),
    scope=Scope.EXPORTER,
)
CONFIG_RELOADS = Metric(
    name="gpuvitals_config_reloads_total",
    kind=Kind.COUNTER,
    help="Reloads of the configuration, by outcome; after a failure the old one stays in force.",
    source="gpuvitals",
    labels=("outcome",),
    scope=Scope.EXPORTER,
)
SERIES_DROPPED = Metric(
    name="gpuvitals_series_dropped_total",
    kind=Kind.COUNTER,
    help="Series left out because a budget of series was used up, by family; only families with a budget are there.",
    source="gpuvitals",
    labels=("metric",),
    scope=Scope.EXPORTER,
)
SCRAPES_REFUSED = Metric(
    name="gpuvitals_scrapes_refused_total",
    kind=Kind.COUNTER,
    help="Scrapes answered with 503 because too many were under way.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)
HISTORY_FAILURES = Metric(
    name="gpuvitals_history_write_failures_total",
    kind=Kind.COUNTER,
    help="Writes to the embedded history that failed; the rollups are kept in memory and tried again.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)
KERNEL_LOG_LOST = Metric(
    name="gpuvitals_kernel_log_records_lost_total",
    kind=Kind.COUNTER,
    help="Records of the kernel log that were overwritten before they could be read; an Xid may be among them.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)
REQUESTS_DENIED = Metric(
    name="gpuvitals_requests_denied_total",
    kind=Kind.COUNTER,
    help="Connections and requests that were turned away, by reason; each is in the audit log.",
    source="gpuvitals",
    labels=("reason",),
    scope=Scope.EXPORTER,
)
WEB_CONFIG_RELOADS = Metric(
    name="gpuvitals_web_config_reloads_total",
    kind=Kind.COUNTER,
    help="Changes of the web configuration or its certificates, by outcome; after a failure the old ones stay in force.",
    source="gpuvitals",
    labels=("outcome",),
    scope=Scope.EXPORTER,
)
ATTRIBUTION_LAST_SUCCESS = Metric(
    name="gpuvitals_attribution_last_success_timestamp_seconds",
    kind=Kind.GAUGE,
    unit=Unit.SECONDS,
    help="When a source last said who uses which GPU, in seconds since 1970: kubelet, job_files or processes. What it said is "
    "dropped when it is a minute old.",
    source="gpuvitals",
    labels=("source",),
    scope=Scope.EXPORTER,
)
ATTRIBUTION_FAILURES = Metric(
    name="gpuvitals_attribution_failures_total",
    kind=Kind.COUNTER,
    help="Times that a source could not say who uses which GPU, by reason.",
    source="gpuvitals",
    labels=("source", "reason"),
    scope=Scope.EXPORTER,
)
ATTRIBUTION_AMBIGUOUS = Metric(
    name="gpuvitals_attribution_ambiguous_total",
    kind=Kind.COUNTER,
    help="Times that the kubelet began to list one device for several pods of which not exactly one was seen to live: its "
    "holder is not shown.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)
ATTRIBUTION_STRANGE = Metric(
    name="gpuvitals_attribution_unknown_devices",
    kind=Kind.GAUGE,
    help="Devices that the kubelet says pods have and that are no GPU or MIG instance known here.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)
PROBES_ABANDONED = Metric(
    name="gpuvitals_probe_children_abandoned_total",
    kind=Kind.COUNTER,
    help="Probe children that did not end when they were killed and were left behind.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)

FAMILIES = (
    BUILD_INFO,
    DRIVER_UP,
    DRIVER_RELEASED,
    COLLECTOR_DURATION,
    COLLECTOR_FAILURES,
    PERMISSION_DENIED,
    VALUES_REJECTED,
    READER_RESTARTS,
    CONFIG_RELOADS,
    SERIES_DROPPED,
    SCRAPES_REFUSED,
    HISTORY_FAILURES,
    KERNEL_LOG_LOST,
    REQUESTS_DENIED,
    WEB_CONFIG_RELOADS,
    ATTRIBUTION_LAST_SUCCESS,
    ATTRIBUTION_FAILURES,
    ATTRIBUTION_AMBIGUOUS,
    ATTRIBUTION_STRANGE,
    PROBES_ABANDONED,
)
