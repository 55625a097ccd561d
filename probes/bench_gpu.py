"""A simulated GPU as a probe would find it: what the simulated child is told in place of a device."""

from enum import StrEnum

import msgspec


class Behaviour(StrEnum):
    """What goes wrong in the run itself."""

    NONE = ""
    FAILED = "failed"  # one bit is flipped
    DEGRADED = "degraded"  # half of what it should give
    TIMEOUT = "timeout"  # sleeps past its deadline, and ends when told to
    ERROR = "error"  # the driver answers with an error
    CRASH = "crash"
    HANG = "hang"  # does not even end when told to
    GARBAGE = "garbage"
    HALF_LINE = "half_line"
    TWO_LINES = "two_lines"
    NO_LINE = "no_line"
    FLOOD = "flood"  # 100 MB
    ABOVE_PEAK = "above_peak"


class BenchGpu(msgspec.Struct, frozen=True, kw_only=True):
    """The GPU.

    Attributes:
        bandwidth: share of the memory's that is left.
        link_bytes: a second, each way, as the link is trained now.
        seed: of the noise.
        behaviour: of the child.
    """

    model: str
    memory_bytes: int
    memory_hertz: float
    bus_bits: int
    sms: int
    sm_hertz: float
    sm_hertz_max: float
    bandwidth: float
    link_bytes: float
    peer_bytes: float
    mig: bool
    seed: int
    behaviour: Behaviour = Behaviour.NONE
