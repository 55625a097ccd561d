"""What the schedule runs: a probe in one of its classes, under one name."""

from dataclasses import dataclass

from catalog.probe import Probe, ProbeClass

MIB = 1024**2
GIB = 1024**3
CONTEXT_BYTES = 600 * MIB
"""Device memory of a CUDA context, rounded up: 527 MiB on an H200 with driver 580."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One row of the schedule.

    Attributes:
        name: the `probe` label of its metrics.
        what: one line for `gpuvitals probe list`.
        memory_bytes: device memory that it needs, the context's own excluded. A sweep takes more where there is more.
        gpu_seconds: what a run is expected to keep the GPU busy, until one has been seen: as on an H200, rounded up.
    """

    name: str
    probe: Probe
    probe_class: ProbeClass
    what: str
    memory_bytes: int
    gpu_seconds: float


TASKS = (
    Task(
        name=Probe.KERNEL_LATENCY.value,
        probe=Probe.KERNEL_LATENCY,
        probe_class=ProbeClass.A,
        what="launch of an empty kernel until the host knows of its end",
        memory_bytes=MIB,
        gpu_seconds=0.004,
    ),
    Task(
        name=Probe.MEMORY_INTEGRITY.value,
        probe=Probe.MEMORY_INTEGRITY,
        probe_class=ProbeClass.A,
        what="patterns written to a tile of memory and verified bit by bit",
        memory_bytes=64 * MIB,
        gpu_seconds=0.002,
    ),
    Task(
        name=Probe.COMPUTE_INTEGRITY.value,
        probe=Probe.COMPUTE_INTEGRITY,
        probe_class=ProbeClass.A,
        what="known answers from every SM: integer, FP32, FP64, tensor cores",
        memory_bytes=64 * MIB,
        gpu_seconds=0.002,
    ),
    Task(
        name=Probe.MEMORY_BANDWIDTH.value,
        probe=Probe.MEMORY_BANDWIDTH,
        probe_class=ProbeClass.B,
        what="device memory read, write and copy, as a share of the peak",
        memory_bytes=4 * GIB,
        gpu_seconds=0.11,
    ),
    Task(
        name=Probe.HOST_LINK.value,
        probe=Probe.HOST_LINK,
        probe_class=ProbeClass.B,
        what="pinned copies to the GPU, back, and both at once",
        memory_bytes=512 * MIB,
        gpu_seconds=0.06,
    ),
    Task(
        name="memory-sweep",
        probe=Probe.MEMORY_INTEGRITY,
        probe_class=ProbeClass.B,
        what="memory integrity over a large region",
        memory_bytes=4 * GIB,
        gpu_seconds=0.4,
    ),
    Task(
        name=Probe.PEER_LINK.value,
        probe=Probe.PEER_LINK,
        probe_class=ProbeClass.B,
        what="copies from this GPU to another of the node, and back",
        memory_bytes=512 * MIB,
        gpu_seconds=0.06,
    ),
)
BY_NAME = {task.name: task for task in TASKS}
