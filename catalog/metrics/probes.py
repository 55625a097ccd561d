"""What the active probes found, and how often they looked.

`probe` is one of those in docs/probes.md. A skip is not health: what was skipped keeps its last verdict, which grows old.
Skips are shown from their first on, at 0 for a minute; all other counts are there at 0 from the start.
"""

from catalog.metric import Kind, Metric, Unit

ANY = "any"
"""In place of a probe where there would be too many series."""
VERDICTS = ("healthy", "degraded", "failed")

BANDWIDTH = Metric(
    name="gpu_probe_bandwidth_bytes_per_second",
    kind=Kind.GAUGE,
    unit=Unit.BYTES_PER_SECOND,
    help="Bandwidth as the last run measured it: the median of repeated transfers.",
    source="gpuvitals",
    labels=("probe", "direction"),
    history=True,
)
BASELINE = Metric(
    name="gpu_probe_baseline_bytes_per_second",
    kind=Kind.GAUGE,
    unit=Unit.BYTES_PER_SECOND,
    help="The acceptance baseline of this GPU: the median of its first 8 healthy runs; absent until there are as many.",
    source="gpuvitals",
    labels=("probe", "direction"),
)
PEAK_RATIO = Metric(
    name="gpu_probe_peak_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="The same over what the hardware could do at best, by its own attributes; absent under MIG.",
    source="gpuvitals",
    labels=("probe", "direction"),
    history=True,
)
LATENCY = Metric(
    name="gpu_probe_latency_seconds",
    kind=Kind.HISTOGRAM,
    unit=Unit.SECONDS,
    help="From the launch of an empty kernel until the host knows of its end.",
    source="gpuvitals",
    buckets=(5e-6, 1e-5, 1.5e-5, 2e-5, 3e-5, 5e-5, 1e-4, 2.5e-4, 1e-3),
)
SUCCESS = Metric(
    name="gpu_probe_success",
    kind=Kind.GAUGE,
    help="Whether the last run gave an answer and its verdict is healthy.",
    source="gpuvitals",
    labels=("probe",),
    plausible=(0, 1),
    history=True,
)
VERDICT = Metric(
    name="gpu_probe_verdict",
    kind=Kind.GAUGE,
    help="The last verdict: 1 for the one that holds, 0 for the others; a run without an answer gives none.",
    source="gpuvitals",
    labels=("probe", "verdict"),
    plausible=(0, 1),
)
LAST_VERDICT = Metric(
    name="gpu_probe_last_verdict_timestamp_seconds",
    kind=Kind.GAUGE,
    unit=Unit.SECONDS,
    help="When the last verdict was given, in seconds since 1970.",
    source="gpuvitals",
    labels=("probe",),
)
RUNS = Metric(
    name="gpu_probe_runs_total",
    kind=Kind.COUNTER,
    help="Runs by how they ended; error: no answer, invalid: one that cannot be true. Skips are not runs.",
    source="gpuvitals",
    labels=("probe", "outcome"),
    history=True,
)
SKIPS = Metric(
    name="gpu_probe_skips_total",
    kind=Kind.COUNTER,
    help="Runs that were due and did not take place, by the reason. After 16 series of a GPU, new ones have the probe any.",
    source="gpuvitals",
    labels=("probe", "reason"),
)
ELIGIBLE = Metric(
    name="gpu_probe_eligible_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds in which a probe that needs an idle GPU could have run.",
    source="gpuvitals",
)
GPU_SECONDS = Metric(
    name="gpu_probe_gpu_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds for which probes kept the GPU busy.",
    source="gpuvitals",
    labels=("probe",),
)
SMS_COVERED = Metric(
    name="gpu_probe_sms_covered",
    kind=Kind.GAUGE,
    help="Multiprocessors that answered in the last run.",
    source="gpuvitals",
    labels=("probe",),
    plausible=(0, 4096),
)
VERIFIED = Metric(
    name="gpu_probe_verified_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Bytes written, read back and found right. Which physical memory they lay in nobody can tell.",
    source="gpuvitals",
    labels=("probe",),
    plausible=(0, 1e18),
)

FAMILIES = (
    BANDWIDTH,
    BASELINE,
    PEAK_RATIO,
    LATENCY,
    SUCCESS,
    VERDICT,
    LAST_VERDICT,
    RUNS,
    SKIPS,
    ELIGIBLE,
    GPU_SECONDS,
    SMS_COVERED,
    VERIFIED,
)
