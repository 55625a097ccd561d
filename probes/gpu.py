"""One GPU in our vocabulary: SI units, None where the hardware cannot tell, NaN where the driver gave a blank."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from catalog.snapshot import Identity

Number = float | None
Flag = bool | Number


@dataclass(frozen=True, slots=True)
class Info:
    """What the GPU is, as texts; empty where it cannot tell."""

    architecture: str
    compute_capability: str
    serial: str
    board_part_number: str
    vbios: str
    driver: str
    cuda_driver: str
    minor: str


@dataclass(frozen=True, slots=True)
class Utilization:
    """Ratios 0..1 over the driver's last sample period."""

    gpu: Number
    memory: Number
    encoder: Number
    decoder: Number
    jpeg: Number
    ofa: Number


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes."""

    total: Number
    used: Number
    reserved: Number
    free: Number


@dataclass(frozen=True, slots=True)
class Power:
    """Watts."""

    now: Number
    average: Number


@dataclass(frozen=True, slots=True)
class Ecc:
    """Whether ECC is on now and after the next reboot."""

    enabled: Flag
    pending: Flag


@dataclass(frozen=True, slots=True)
class RemappedRows:
    """Rows replaced by spares."""

    corrected: Number
    uncorrected: Number
    pending: Flag
    failure: Flag


@dataclass(frozen=True, slots=True)
class Link:
    """A PCIe link, now and at most."""

    generation: Number
    width: Number
    max_generation: Number
    max_width: Number


@dataclass(frozen=True, slots=True)
class PcieErrors:
    """Counts since the driver was loaded."""

    replays: Number
    correctable: Number
    non_fatal: Number
    fatal: Number
    bad_tlp: Number


@dataclass(frozen=True, slots=True)
class NvLink:
    """Bytes and errors of one link, or of all together.

    Attributes:
        errors: counts by kind (`catalog.metrics.nvlink.ERROR_KINDS`), those that the GPU can tell.
    """

    receive_bytes: Number
    transmit_bytes: Number
    errors: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Profile:
    """What GPM averaged over the last `seconds`: ratios 0..1, PCIe rates in bytes per second."""

    seconds: float
    sm_active: Number
    sm_occupancy: Number
    tensor_active: Number
    dram_active: Number
    fp64_active: Number
    fp32_active: Number
    fp16_active: Number
    pcie_receive: Number
    pcie_transmit: Number


@dataclass(frozen=True, slots=True)
class Process:
    """A process with a context; bytes are None where the driver does not account them."""

    pid: int
    memory_bytes: Number


@dataclass(frozen=True, slots=True)
class MigInstance:
    """One compute instance."""

    uuid: str
    gpu_instance_id: int
    compute_instance_id: int
    profile: str
    multiprocessors: Number
    memory_total: Number
    memory_used: Number


class Gpu(Protocol):
    """Everything that a collector may ask of one GPU.

    Each method raises `catalog.errors.GpuLost` when the GPU is gone. Any other error of the driver is kept for the
    caller of the collector, and what was asked is None, so that one bad answer costs nothing else.
    """

    @property
    def identity(self) -> Identity: ...
    def info(self) -> Info: ...
    def utilization(self) -> Utilization: ...
    def memory(self) -> Memory: ...
    def bar1(self) -> tuple[Number, Number]: ...
    def power(self) -> Power: ...
    def power_limits(self) -> Mapping[str, Number]: ...
    def energy_joules(self) -> Number: ...
    def temperatures(self) -> Mapping[str, Number]: ...
    def temperature_margin(self) -> Number: ...
    def temperature_thresholds(self) -> Mapping[str, Number]: ...
    def fans(self) -> tuple[Number, ...]: ...
    def clocks(self) -> Mapping[str, Number]: ...
    def max_clocks(self) -> Mapping[str, Number]: ...
    def performance_state(self) -> Number: ...
    def clock_events(self) -> frozenset[str] | None: ...
    def clock_event_seconds(self) -> Mapping[str, Number]: ...
    def ecc(self) -> Ecc: ...
    def ecc_errors(self, *, lifetime: bool) -> Mapping[tuple[str, str], Number]: ...
    def sram_threshold_exceeded(self) -> Flag: ...
    def remapped_rows(self) -> RemappedRows: ...
    def remap_banks(self) -> Mapping[str, Number]: ...
    def retired_pages(self) -> Mapping[str, Number]: ...
    def page_retirement_pending(self) -> Flag: ...
    def repairs_pending(self) -> Mapping[str, Flag]: ...
    def memory_unrepairable(self) -> Flag: ...
    def recovery_action(self) -> str | None: ...
    def pcie_link(self) -> Link: ...
    def pcie_errors(self) -> PcieErrors: ...
    def nvlink_states(self) -> tuple[bool, ...]: ...
    def nvlink(self, link: int | None = None) -> NvLink: ...
    def profile(self) -> Profile | None: ...
    def compute_processes(self) -> tuple[Process, ...] | None: ...
    def mps_processes(self) -> tuple[Process, ...] | None: ...
    def graphics_processes(self) -> tuple[Process, ...] | None: ...
    def compute_mode(self) -> str | None: ...
    def persistence(self) -> Flag: ...
    def confidential_compute(self) -> Flag: ...
    def fabric_state(self) -> str | None: ...
    def mig_modes(self) -> tuple[Flag, Flag]: ...
    def mig_instances(self) -> tuple[MigInstance, ...]: ...
