"""What the exporter and its reader child say to each other over their socket pair: msgpack, one frame per message."""

import struct
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from catalog.errors import GpuVitalsError
from catalog.event import Event
from catalog.snapshot import Identity, Tier
from probes.bench_gpu import BenchGpu

T = TypeVar("T")

HEADER = struct.Struct("!I")
"""A frame is the length of its body, then the body."""
LONGEST = 16 * 1024 * 1024
"""Bytes of a body; the series of a GPU with every NVLink link are a hundredth of it."""


class Garbled(GpuVitalsError):
    """What arrived is no message, or makes no sense after those before it."""


class Past(msgspec.Struct, frozen=True):
    """What a simulated machine went through before this process, which must not begin it anew.

    Attributes:
        began: when it was switched on, seconds since 1970; 0 is now.
        faults: those that were injected, each with when that was.
    """

    began: float = 0.0
    faults: tuple[tuple[float, Mapping[str, object]], ...] = ()


class Start(msgspec.Struct, tag=True):
    """The first message down: what to read, how often.

    Attributes:
        collectors: names of those to run.
        budgets: the most series per GPU of a family, by metric name.
    """

    source: str
    node: str
    nvml_library: str | None
    collectors: frozenset[str]
    budgets: Mapping[str, int]
    past: Past = Past()


class ReadNow(msgspec.Struct, tag=True):
    """Read one tier of one GPU at once; answered by its reading, then by a `Reply`."""

    request: int
    uuid: str
    tier: Tier


class Inject(msgspec.Struct, tag=True):
    """Let a fault happen; only a simulated source can."""

    request: int
    fault: Mapping[str, object]


class BenchNow(msgspec.Struct, tag=True):
    """Say what a run of a probe would find; only a simulated source can. Answered by a `Reply`."""

    request: int
    uuid: str
    probe: str


class Stop(msgspec.Struct, tag=True):
    """Let go of the driver and end."""


Down = Start | ReadNow | Inject | BenchNow | Stop


class Beat(msgspec.Struct, tag=True):
    """The child lives, whatever the driver does."""


class DriverState(msgspec.Struct, tag=True):
    """Whether the driver answers, and if not, why.

    Attributes:
        fatal: trying again is useless: the operator must mend the configuration.
        opened: the indices of the GPUs that could be opened.
    """

    up: bool
    reason: str
    fatal: bool = False
    opened: tuple[int, ...] = ()


class Found(msgspec.Struct, tag=True):
    """A GPU that answered with its identity."""

    identity: Identity


class Enumerated(msgspec.Struct, tag=True):
    """All GPUs that this child reads; any other GPU was not found.

    Attributes:
        uuids: those of GPUs that have not told it yet are stand-ins.
        count: how many the driver says there are; it may not let us open each.
    """

    uuids: tuple[str, ...]
    count: int


class Health(msgspec.Struct, tag=True):
    """How a GPU answers: `ok`, `hung`, `lost` or `unknown`, with the reason."""

    uuid: str
    index: int
    state: str
    reason: str


class NewLayout(msgspec.Struct, tag=True):
    """The series of the readings that name this layout."""

    layout: int
    uuid: str
    tier: Tier
    series: tuple[tuple[str, tuple[str, ...]], ...]


class NewReading(msgspec.Struct, tag=True):
    """One tier of one GPU as it was read.

    Attributes:
        durations: seconds per collector.
        failures: (collector, reason) of each question that the driver answered with an error.
        rejected: (collector, metric, reason) of each value that cannot be true.
        dropped: (metric, how many series) beyond a budget.
    """

    layout: int
    at: float
    values: tuple[float, ...]
    durations: tuple[tuple[str, float], ...]
    failures: tuple[tuple[str, str], ...] = ()
    rejected: tuple[tuple[str, str, str], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()


class NewProcesses(msgspec.Struct, tag=True):
    """The processes with a context on a GPU are others than before.

    Attributes:
        pids: each once, as the driver tells them: the host's, if this child shares its pid namespace.
    """

    uuid: str
    pids: tuple[int, ...]


class Happened(msgspec.Struct, tag=True):
    """Something happened."""

    event: Event


class Logged(msgspec.Struct, tag=True):
    """The kernel of a simulated machine logged something; a real kernel's log is read by the exporter."""

    at: float
    text: str


class EventsFailed(msgspec.Struct, tag=True):
    """Waiting for the driver's events failed; what happens meanwhile is not heard of."""

    reason: str


class Reply(msgspec.Struct, tag=True):
    """The end of a request; *error* is for the person who asked, *bench* what was asked for."""

    request: int
    error: str | None
    bench: BenchGpu | None = None


Up = (
    Beat
    | DriverState
    | Found
    | Enumerated
    | Health
    | NewLayout
    | NewReading
    | NewProcesses
    | Happened
    | Logged
    | EventsFailed
    | Reply
)

_encoder = msgspec.msgpack.Encoder()
_up: msgspec.msgpack.Decoder[Up] = msgspec.msgpack.Decoder(Up)
_down: msgspec.msgpack.Decoder[Down] = msgspec.msgpack.Decoder(Down)


def frame(message: Up | Down) -> bytes:
    """The bytes of *message* on the socket."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def length(header: bytes) -> int:
    """How long the body after *header* is.

    Raises:
        Garbled: longer than any message.
    """
    size: int = HEADER.unpack(header)[0]
    if size > LONGEST:
        raise Garbled(f"a frame of {size} bytes is longer than any message")
    return size


def decode_up(body: bytes) -> Up:
    """A message from the child.

    Raises:
        Garbled: it is none.
    """
    return _decoded(_up, body)


def decode_down(body: bytes) -> Down:
    """A message to the child.

    Raises:
        Garbled: it is none.
    """
    return _decoded(_down, body)


def _decoded(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Garbled(f"{len(body)} bytes are no message: {error}") from error
