"""How much of the time a GPU could be used; [states](docs/states.md) say what counts as available."""

from catalog.metric import Kind, Metric, Unit

AVAILABLE = Metric(
    name="gpu_available_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds in which this GPU served work: its state was ok, degraded or recovering.",
    source="gpuvitals",
    history=True,
)
OBSERVED = Metric(
    name="gpu_observed_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds in which the state of this GPU was known, whatever it was.",
    source="gpuvitals",
    history=True,
)
EXPECTED = Metric(
    name="gpu_expected_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds in which this node should have had this GPU, lost, hung or never found included, declared maintenance left "
    "out. Expected less observed is time that nobody watched.",
    source="gpuvitals",
    history=True,
)
# By GPU, unlike the exporter's own histograms: an objective such as "outages end within 30 s" is one of GPUs, by model or by
# uuid, and 10 series are a small part of the budget of 350.
RECOVERY = Metric(
    name="gpu_recovery_seconds",
    kind=Kind.HISTOGRAM,
    unit=Unit.SECONDS,
    help="Outages of this GPU by how long they took, from when it stopped being available until it was again.",
    source="gpuvitals",
    buckets=(1.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)

FAMILIES = (AVAILABLE, OBSERVED, EXPECTED, RECOVERY)
