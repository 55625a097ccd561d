"""How the GPU is set up: compute mode, persistence, confidential compute, fabric."""

from catalog.metric import Kind, Metric

# nvmlComputeMode_t in nvml.h, in the order of its values.
COMPUTE_MODES = ("default", "exclusive_thread", "prohibited", "exclusive_process")
# nvmlGpuFabricState_t in nvml.h, in the order of its values.
FABRIC_STATES = ("not_supported", "not_started", "in_progress", "completed")

COMPUTE_MODE = Metric(
    name="gpu_compute_mode",
    kind=Kind.GAUGE,
    help="Which processes may use the GPU: 1 for the mode that holds, 0 for the others.",
    source="nvmlDeviceGetComputeMode",
    labels=("mode",),
    plausible=(0, 1),
)
PERSISTENCE = Metric(
    name="gpu_persistence_mode",
    kind=Kind.GAUGE,
    help="Whether the driver stays loaded when no process uses the GPU.",
    source="nvmlDeviceGetPersistenceMode",
    plausible=(0, 1),
)
CONFIDENTIAL_COMPUTE = Metric(
    name="gpu_confidential_compute_mode",
    kind=Kind.GAUGE,
    help="Whether confidential compute is on.",
    source="nvmlSystemGetConfComputeState",
    plausible=(0, 1),
)
FABRIC_STATE = Metric(
    name="gpu_fabric_state",
    kind=Kind.GAUGE,
    help="Registration with the NVLink fabric: 1 for the state that holds, 0 for the others.",
    source="nvmlDeviceGetGpuFabricInfoV",
    labels=("state",),
    plausible=(0, 1),
)

FAMILIES = (COMPUTE_MODE, PERSISTENCE, CONFIDENTIAL_COMPUTE, FABRIC_STATE)
