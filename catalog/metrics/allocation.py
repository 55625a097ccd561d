"""Who holds the GPU, and for how long it was held, used or free.

The kubelet and a batch scheduler's job files say so; of GPUs that neither knows, the control groups of the processes on
them. Without any of these there is no series.
"""

from catalog.metric import Kind, Metric, Scope, Unit

HOLDER = ("namespace", "pod", "container", "hpc_job")
INSTANCE = ("gpu_instance_id", "compute_instance_id", "profile")
STATES = ("free", "allocated_idle", "allocated_active", "allocated_unknown")

INFO = Metric(
    name="gpu_allocation_info",
    kind=Kind.GAUGE,
    help="Who holds this GPU or a part of it, one series per container or job; always 1, to be joined on uuid. A label that "
    "does not apply is empty.",
    source="gpuvitals",
    labels=HOLDER,
    plausible=(0, 1),
)
MIG_INFO = Metric(
    name="gpu_mig_allocation_info",
    kind=Kind.GAUGE,
    help="Who holds this MIG instance, one series per container or job; always 1, to be joined on uuid, gpu_instance_id and "
    "compute_instance_id.",
    source="gpuvitals",
    labels=(*INSTANCE, *HOLDER),
    scope=Scope.MIG,
    plausible=(0, 1),
)
SECONDS = Metric(
    name="gpu_allocation_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds in which this GPU was free, or allocated to a pod or job and idle, active (SMs active, else utilisation, "
    "above 1 %) or neither known (as under MIG). Of a GPU with MIG its instances share each second by their size. Seconds in "
    "which neither kubelet nor job files could tell count nowhere, and without either there is no series.",
    source="gpuvitals",
    labels=("state",),
    history=True,
)

FAMILIES = (INFO, MIG_INFO, SECONDS)
