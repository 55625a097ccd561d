"""Alerts about the alerts themselves."""

from alerts.example import Given
from alerts.policy import Policy, Scope, Severity
from catalog.metrics import alerting
from catalog.promql import functions as q

IDENTITY_MISMATCH = Policy(
    name="AlertIdentityMismatch",
    scope=Scope.FLEET,
    severity=Severity.TICKET,
    condition=q.increase(q.select(alerting.MISMATCHES), "15m") > 0,
    labels=("instance",),
    example=(Given(series=q.select(alerting.MISMATCHES), bad=1, short=0),),
    meaning="Alertmanager has an alert twice, once from the exporter at {{ $labels.instance }} and once from Prometheus.",
    action="Set the exporter's alertmanager_external_labels to the labels that Prometheus' alerts carry beside those of their rules.",
    at_once="it is counted only when both alerts are there",
)

POLICIES = (IDENTITY_MISMATCH,)
