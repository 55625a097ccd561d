"""Identity, liveness and freshness of a GPU."""

from catalog.finding import State
from catalog.metric import Kind, Metric, Unit

STATES = tuple(state.value for state in State)

INFO = Metric(
    name="gpu_info",
    kind=Kind.GAUGE,
    help="What this GPU is and on which node; always 1, to be joined on uuid.",
    source="nvmlDeviceGetName, nvmlDeviceGetPciInfo_v3, nvmlSystemGetDriverVersion and others",
    labels=(
        "model",
        "architecture",
        "compute_capability",
        "pci_bus_id",
        "serial",
        "board_part_number",
        "vbios",
        "driver",
        "cuda_driver",
        "minor",
        "node",
    ),
    plausible=(0, 1),
)
UP = Metric(
    name="gpu_up",
    kind=Kind.GAUGE,
    help="Whether this GPU answers: 1 if its last reading is fresh, 0 if it is lost, hung or unknown.",
    source="gpuvitals",
    plausible=(0, 1),
)
STATE = Metric(
    name="gpu_state",
    kind=Kind.GAUGE,
    help="The state of this GPU: 1 for the one that holds, 0 for the others; docs/states.md says what each means.",
    source="gpuvitals",
    labels=("state",),
    plausible=(0, 1),
)
LAST_READ = Metric(
    name="gpu_last_read_timestamp_seconds",
    kind=Kind.GAUGE,
    unit=Unit.SECONDS,
    help="When this GPU last answered, in seconds since 1970.",
    source="gpuvitals",
)

FAMILIES = (INFO, UP, STATE, LAST_READ)
