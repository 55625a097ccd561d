"""What a probe is told and what it answers: the words between the exporter and its probe child. One JSON line each way."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec

_PROCESS = re.compile(r"gv-[a-z0-9]{1,12}\Z")

VERSION: Final = 1
"""Of both messages; a reader refuses any other."""

CHILD_MODULE: Final = "cuda_probes.child"
"""What the exporter starts, as `python -P -m MODULE`: siblings do not import each other."""


class Probe(StrEnum):
    """The active tests there are."""

    MEMORY_BANDWIDTH = "memory-bandwidth"
    HOST_LINK = "host-link"
    KERNEL_LATENCY = "kernel-latency"
    MEMORY_INTEGRITY = "memory-integrity"
    COMPUTE_INTEGRITY = "compute-integrity"
    PEER_LINK = "peer-link"


class ProbeClass(StrEnum):
    """How much of a GPU a run may take: A is small enough to run beside a tenant, B needs an idle GPU."""

    A = "A"
    B = "B"


CLASSES: Final[Mapping[Probe, frozenset[ProbeClass]]] = {
    Probe.MEMORY_BANDWIDTH: frozenset({ProbeClass.B}),
    Probe.HOST_LINK: frozenset({ProbeClass.B}),
    Probe.KERNEL_LATENCY: frozenset({ProbeClass.A}),
    Probe.MEMORY_INTEGRITY: frozenset({ProbeClass.A, ProbeClass.B}),
    Probe.COMPUTE_INTEGRITY: frozenset({ProbeClass.A}),
    Probe.PEER_LINK: frozenset({ProbeClass.B}),
}
"""The classes in which a probe can run."""


class Outcome(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    FAILED = "failed"  # the GPU gave a wrong answer
    ERROR = "error"  # there is no answer; the reason says why
    INVALID = "invalid"  # the answer cannot be true, such as a bandwidth above the peak; said by whoever reads it


class Reason(StrEnum):
    """Why a run did not succeed."""

    NONE = ""
    MISMATCH = "mismatch"
    # Said by the child.
    BAD_ORDER = "bad_order"
    NO_PYCUDA = "no_pycuda"
    NO_DRIVER = "no_driver"
    DRIVER_TOO_OLD = "driver_too_old"
    NO_SUCH_GPU = "no_such_gpu"
    NO_PEER_ACCESS = "no_peer_access"
    CONTEXT_REFUSED = "context_refused"
    FABRIC_NOT_READY = "fabric_not_ready"
    OUT_OF_MEMORY = "out_of_memory"
    STICKY_ERROR = "sticky_error"
    UNCORRECTABLE_ECC = "uncorrectable_ecc"
    GPU_LOST = "gpu_lost"
    OVER_BUDGET = "over_budget"
    INTERRUPTED = "interrupted"
    DRIVER_ERROR = "driver_error"
    INTERNAL = "internal"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run may take.

    Attributes:
        memory_bytes: device memory allocated at once, the context's own excluded; None for the class's own limit.
        warm_up_seconds: the longest that short launches wait for the SM clock to settle.
        launch_seconds: how long one launch may keep the GPU from other work.
    """

    memory_bytes: int | None = None
    warm_up_seconds: float = 0.3
    launch_seconds: float = 0.002


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run, as the child reads it from its standard input.

    Attributes:
        uuid: the GPU, as NVML spells it: GPU-...
        peer: the other GPU of `peer-link`.
        seed: what random patterns and operands start from.
        nonce: makes the process name, `gv-<nonce>`, by which the driver's log knows the run.
        probe_class: spelled `class` on the wire.
        budget_gpu_seconds: the run ends early rather than spend more.
    """

    version: int = VERSION
    probe: Probe
    uuid: str
    peer: str | None = None
    seed: int = 0
    nonce: Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{1,12}$")]
    probe_class: ProbeClass = msgspec.field(name="class")
    budget_gpu_seconds: float
    limits: Limits = msgspec.field(default_factory=Limits)


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One bandwidth: the median of repeated transfers.

    Attributes:
        name: the direction: read, write, copy, host_to_device...
        peak: what the hardware could do at best, from its own attributes; None if it cannot tell.
        spread: the distance between the quartiles over the median.
    """

    name: str
    bytes_per_second: float
    peak: float | None
    spread: float
    repeats: int


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Every single delay of one kind, in the order of measurement.

    Attributes:
        name: what was timed: launch (host clock), event (GPU's clock)...
    """

    name: str
    seconds: tuple[float, ...]


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """One wrong answer.

    Attributes:
        test: the pattern or the operation.
        offset: bytes from the start of the tested region; None for arithmetic.
        sm: the multiprocessor that answered; None for memory, whose bytes belong to none.
        expected, found: the bits, as unsigned integers.
    """

    test: str
    offset: int | None = None
    sm: int | None = None
    expected: int
    found: int


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the GPU said of itself while it was asked; None where the run did not get that far.

    Attributes:
        cuda: the newest CUDA version that the driver knows, such as 12.8.
        memory_hertz, bus_bits: the memory's clock and width, of which the peak is made.
        sm_hertz_before, sm_hertz_after: the SM clock as a kernel saw it: after warming up, and at the end.
        settled: whether the SM clock came to rest within the time for warming up.
    """

    cuda: str | None = None
    model: str | None = None
    sms: int | None = None
    memory_bytes: int | None = None
    memory_hertz: float | None = None
    bus_bits: int | None = None
    l2_bytes: int | None = None
    sm_hertz_before: float | None = None
    sm_hertz_after: float | None = None
    settled: bool | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the child writes: one line, then it exits with 0, whatever the outcome.

    Attributes:
        message: one sentence for a person; empty on success.
        gpu_seconds: how long kernels and copies kept the GPU busy, warm-up included.
        sms_covered: multiprocessors that answered; None if the probe does not ask each.
        verified_bytes: bytes written, read back and found right.
        mismatches: the first few wrong answers; `mismatch_count` counts all.
        timings: seconds of each part of the run, by its name.
    """

    version: int = VERSION
    probe: Probe
    uuid: str
    peer: str | None = None
    outcome: Outcome
    reason: Reason = Reason.NONE
    message: str = ""
    measurements: tuple[Measurement, ...] = ()
    latencies: tuple[Latency, ...] = ()
    gpu_seconds: float = 0.0
    sms_covered: int | None = None
    verified_bytes: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    mismatch_count: int = 0
    context: Context = msgspec.field(default_factory=Context)
    timings: Mapping[str, float] = {}


def process_name(nonce: str) -> str:
    """What the child calls itself, and the driver's log calls it; Linux keeps 15 bytes of it."""
    return f"gv-{nonce}"[:15]


def is_process(name: str) -> bool:
    """Whether *name*, as the driver's log has it, is what a probe child calls itself."""
    return bool(_PROCESS.match(name))
