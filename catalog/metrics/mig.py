"""MIG: whether it is on, and its instances, whose series have families of their own so that nothing is summed twice."""

from catalog.metric import Kind, Metric, Scope, Unit

_INSTANCE = ("gpu_instance_id", "compute_instance_id", "profile")

MODE = Metric(
    name="gpu_mig_mode",
    kind=Kind.GAUGE,
    help="Whether MIG is on.",
    source="nvmlDeviceGetMigMode",
    plausible=(0, 1),
)
PENDING_MODE = Metric(
    name="gpu_mig_pending_mode",
    kind=Kind.GAUGE,
    help="Whether MIG will be on after the next reset.",
    source="nvmlDeviceGetMigMode",
    plausible=(0, 1),
)
INSTANCE_INFO = Metric(
    name="gpu_mig_instance_info",
    kind=Kind.GAUGE,
    help="A compute instance of this GPU and its own UUID; always 1.",
    source="nvmlDeviceGetMigDeviceHandleByIndex",
    labels=(*_INSTANCE, "mig_uuid"),
    scope=Scope.MIG,
)
MEMORY_TOTAL = Metric(
    name="gpu_mig_memory_total_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory of the instance; compute instances of one GPU instance share it.",
    source="nvmlDeviceGetMemoryInfo_v2",
    labels=_INSTANCE,
    scope=Scope.MIG,
)
MEMORY_USED = Metric(
    name="gpu_mig_memory_used_bytes",
    kind=Kind.GAUGE,
    unit=Unit.BYTES,
    help="Device memory in use in the instance, reserved memory excluded.",
    source="nvmlDeviceGetMemoryInfo_v2",
    labels=_INSTANCE,
    scope=Scope.MIG,
)
MULTIPROCESSORS = Metric(
    name="gpu_mig_multiprocessors",
    kind=Kind.GAUGE,
    help="SMs of the instance.",
    source="nvmlDeviceGetAttributes_v2",
    labels=_INSTANCE,
    scope=Scope.MIG,
    plausible=(0, 1024),
)

FAMILIES = (MODE, PENDING_MODE, INSTANCE_INFO, MEMORY_TOTAL, MEMORY_USED, MULTIPROCESSORS)
