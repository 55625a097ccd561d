"""What Prometheus itself writes of each target that it scrapes.

https://prometheus.io/docs/concepts/jobs_instances/
"""

from catalog.metric import Kind, Metric, Scope

UP = Metric(
    name="up",
    kind=Kind.GAUGE,
    help="Whether the last scrape of a target succeeded.",
    source="Prometheus",
    scope=Scope.EXPORTER,
    plausible=(0, 1),
)
