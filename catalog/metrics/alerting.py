"""What becomes of the alerts that the exporter itself tells Alertmanager of."""

from catalog.metric import Kind, Metric, Scope

SENT = Metric(
    name="gpuvitals_alerts_sent_total",
    kind=Kind.COUNTER,
    help="Alerts that an Alertmanager took from us; one that holds is sent again every 30 s, to each.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)
SEND_FAILURES = Metric(
    name="gpuvitals_alert_send_failures_total",
    kind=Kind.COUNTER,
    help="Times that an Alertmanager could not be told, by reason: connect, timeout, tls, credentials (a file cannot be read), "
    "denied, rejected (the alerts are not understood; not tried again), status, overflow (too many wait).",
    source="gpuvitals",
    labels=("reason",),
    scope=Scope.EXPORTER,
)
MISMATCHES = Metric(
    name="gpuvitals_alert_identity_mismatches_total",
    kind=Kind.COUNTER,
    help="Alerts that Alertmanager has twice, once from us and once from Prometheus, because their labels differ: set "
    "alertmanager_external_labels to those that Prometheus adds.",
    source="gpuvitals",
    scope=Scope.EXPORTER,
)

FAMILIES = (SENT, SEND_FAILURES, MISMATCHES)
