"""The GPU models that can be simulated: one row each. What a model can tell follows from its row."""

from dataclasses import dataclass
from types import MappingProxyType

GIB = 1024**3
MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelClocks:
    """Clocks of one state in MHz."""

    sm: int
    memory: int
    video: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Degrees Celsius, in the order of `nvmlTemperatureThresholds_t`."""

    shutdown: int
    slowdown: int
    memory_max: int
    gpu_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mig:
    """The smallest instances that fill a GPU."""

    profile: str
    count: int
    memory_bytes: int
    multiprocessors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        name: as NVML gives it.
        architecture: `nvmlDeviceArchitecture_t`.
        reserved_bytes: memory that the driver keeps for itself.
        idle_watts: drawn at idle clocks with nothing to do.
        min_watts, watts: the lowest power limit that can be set; the default, which is the highest too.
        idle, base, max: clocks; *base* is what the hardware falls back to when it slows down.
        memory_sensor: whether the memory's temperature can be read.
        pcie_generation: of a link of 16 lanes.
        nvlinks: how many links; *nvlink_bytes* per second, link and direction.
        remap_banks: banks with spare rows.
    """

    name: str
    architecture: int
    compute_capability: tuple[int, int]
    part_number: str
    vbios: str
    memory_bytes: int
    reserved_bytes: int
    bar1_bytes: int
    bus_bits: int
    idle_watts: float
    min_watts: float
    watts: float
    idle: ModelClocks
    base: ModelClocks
    max: ModelClocks
    idle_pstate: int
    thresholds: Thresholds
    memory_sensor: bool
    pcie_generation: int
    nvlinks: int
    nvlink_bytes: float
    remap_banks: int
    mig: Mig | None

    @property
    def gpm(self) -> bool:
        """Whether it has GPM: Hopper and newer."""
        return self.architecture >= 9

    @property
    def counts_per_link(self) -> bool:
        """Whether NVLink errors are told per link (Hopper and newer) or only as their sum."""
        return self.architecture >= 9

    @property
    def fabric(self) -> bool:
        """Whether it registers with an NVSwitch fabric through NVML: Hopper and newer, with NVLink."""
        return self.architecture >= 9 and self.nvlinks > 0


_H200_THRESHOLDS = Thresholds(shutdown=95, slowdown=89, memory_max=95, gpu_max=87)

# Source: data/h200_nvml_survey.json (driver 580.159.04). The surveyed one sat in a virtual machine without NVLink; the
# links are those of NVIDIA's data sheet (900 GB/s both ways over 18 links).
_H200 = Model(
    name="NVIDIA H200",
    architecture=9,
    compute_capability=(9, 0),
    part_number="692-2G520-0282-000",
    vbios="96.00.A5.00.1A",
    memory_bytes=150_754_820_096,
    reserved_bytes=643_891_200,
    bar1_bytes=256 * GIB,
    bus_bits=6016,
    idle_watts=76.0,
    min_watts=200.0,
    watts=700.0,
    idle=ModelClocks(sm=345, memory=3201, video=765),
    base=ModelClocks(sm=1095, memory=3201, video=1095),
    max=ModelClocks(sm=1980, memory=3201, video=1545),
    idle_pstate=0,
    thresholds=_H200_THRESHOLDS,
    memory_sensor=True,
    pcie_generation=5,
    nvlinks=18,
    nvlink_bytes=25e9,
    remap_banks=3072,
    mig=Mig(profile="1g.18gb", count=7, memory_bytes=16 * GIB, multiprocessors=16),
)
# Source: the survey for what Hopper boards share; NVIDIA's H100 data sheet and MIG guide for memory, clocks, instances.
_H100 = Model(
    name="NVIDIA H100 80GB HBM3",
    architecture=9,
    compute_capability=(9, 0),
    part_number="692-2G520-0200-000",
    vbios="96.00.89.00.01",
    memory_bytes=81_559 * MIB,
    reserved_bytes=551 * MIB,
    bar1_bytes=128 * GIB,
    bus_bits=5120,
    idle_watts=70.0,
    min_watts=200.0,
    watts=700.0,
    idle=ModelClocks(sm=345, memory=2619, video=765),
    base=ModelClocks(sm=1095, memory=2619, video=1095),
    max=ModelClocks(sm=1980, memory=2619, video=1545),
    idle_pstate=0,
    thresholds=_H200_THRESHOLDS,
    memory_sensor=True,
    pcie_generation=5,
    nvlinks=18,
    nvlink_bytes=25e9,
    remap_banks=2560,
    mig=Mig(profile="1g.10gb", count=7, memory_bytes=9_984 * MIB, multiprocessors=16),
)
# Source: NVIDIA's A100 data sheet and MIG guide; clocks and limits as nvidia-smi shows them in public reports.
_A100 = Model(
    name="NVIDIA A100-SXM4-80GB",
    architecture=7,
    compute_capability=(8, 0),
    part_number="692-2G506-0210-002",
    vbios="92.00.45.00.03",
    memory_bytes=81_920 * MIB,
    reserved_bytes=626 * MIB,
    bar1_bytes=128 * GIB,
    bus_bits=5120,
    idle_watts=58.0,
    min_watts=100.0,
    watts=400.0,
    idle=ModelClocks(sm=210, memory=1593, video=585),
    base=ModelClocks(sm=765, memory=1593, video=765),
    max=ModelClocks(sm=1410, memory=1593, video=1290),
    idle_pstate=0,
    thresholds=Thresholds(shutdown=92, slowdown=89, memory_max=95, gpu_max=85),
    memory_sensor=True,
    pcie_generation=4,
    nvlinks=12,
    nvlink_bytes=25e9,
    remap_banks=640,
    mig=Mig(profile="1g.10gb", count=7, memory_bytes=9_728 * MIB, multiprocessors=14),
)
# Source: NVIDIA's L40S data sheet; clocks and thresholds as nvidia-smi shows them in public reports.
_L40S = Model(
    name="NVIDIA L40S",
    architecture=8,
    compute_capability=(8, 9),
    part_number="900-2G133-0080-000",
    vbios="95.02.66.00.02",
    memory_bytes=46_068 * MIB,
    reserved_bytes=595 * MIB,
    bar1_bytes=64 * GIB,
    bus_bits=384,
    idle_watts=34.0,
    min_watts=100.0,
    watts=350.0,
    idle=ModelClocks(sm=210, memory=405, video=1185),
    base=ModelClocks(sm=1110, memory=9001, video=1110),
    max=ModelClocks(sm=2520, memory=9001, video=1965),
    idle_pstate=8,
    thresholds=Thresholds(shutdown=100, slowdown=95, memory_max=105, gpu_max=88),
    memory_sensor=False,
    pcie_generation=4,
    nvlinks=0,
    nvlink_bytes=0.0,
    remap_banks=192,
    mig=None,
)
# Source: NVIDIA's HGX B200 data sheet and MIG guide (1.8 TB/s both ways over 18 links); the thresholds are H200's.
_B200 = Model(
    name="NVIDIA B200",
    architecture=10,
    compute_capability=(10, 0),
    part_number="692-2G525-0200-000",
    vbios="97.00.5F.00.02",
    memory_bytes=183_359 * MIB,
    reserved_bytes=720 * MIB,
    bar1_bytes=256 * GIB,
    bus_bits=8192,
    idle_watts=140.0,
    min_watts=200.0,
    watts=1000.0,
    idle=ModelClocks(sm=120, memory=3996, video=600),
    base=ModelClocks(sm=1120, memory=3996, video=1120),
    max=ModelClocks(sm=1965, memory=3996, video=1695),
    idle_pstate=0,
    thresholds=_H200_THRESHOLDS,
    memory_sensor=True,
    pcie_generation=5,
    nvlinks=18,
    nvlink_bytes=50e9,
    remap_banks=4096,
    mig=Mig(profile="1g.23gb", count=7, memory_bytes=22 * GIB, multiprocessors=18),
)

MODELS = MappingProxyType(
    {"H100": _H100, "H200": _H200, "A100": _A100, "L40S": _L40S, "B200": _B200}
)
"""By the names that scenario files use."""
