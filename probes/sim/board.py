"""One GPU of the simulated machine: who it is, what it has to do, its faults, its physics."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from catalog.errors import DriverError
from probes.driver import Answer, Return
from probes.sim.effects import Effects
from probes.sim.gpu import Physics, State
from probes.sim.models import Model
from probes.sim.noise import Noise
from probes.sim.workload import Profile, workload

# PCI buses of an eight-GPU HGX board.
_BUSES = (0x19, 0x3B, 0x4C, 0x5D, 0x9B, 0xBB, 0xCB, 0xDB)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSpec:
    """What a scenario says of one GPU."""

    model: Model
    workload: Profile = Profile.TRAINING
    mig: bool = False


class Board:
    """One GPU. Hold `lock` while asking it for a moment.

    Attributes:
        number: its place in the scenario, and the driver's index.
    """

    def __init__(self, spec: GpuSpec, seeds: tuple[int, int], number: int, start: float) -> None:
        seed, node = seeds
        self.model = spec.model
        self.mig = spec.mig
        self.number = number
        self.lock = threading.Lock()
        self.effects = Effects(spec.model.pcie_generation)
        self.own = Noise(seed, node, number)
        self.uuid = f"GPU-{uuid(self.own, 0)}"
        self.serial = f"16{int(self.own.at(4) * 1e11):011d}"
        self.bus = f"{number // 8:04X}:{_BUSES[number % 8]:02X}:00.0"
        demand = workload(spec.workload, seed, number)
        self.physics = Physics(spec.model, demand, self.effects, self.own, start)
        self._newest = start

    def now(self, moment: float) -> "Now":
        """The GPU at *moment*; if the clock was set back, as it was last, since counters never fall."""
        self._newest = max(self._newest, moment)
        return Now(self, self._newest, self.physics.at(self._newest))


class Now(NamedTuple):
    """A GPU at a moment: what every answer is made from."""

    board: Board
    at: float
    state: State

    @property
    def mig(self) -> bool:
        """Whether MIG is on."""
        return self.board.effects.mig(self.at, self.board.mig)


Questions = Mapping[str, Callable[..., Answer]]
"""Each takes the GPU as it is now, then the question's own arguments; the answer has NVML's units and structure."""


def uuid(noise: Noise, place: int) -> str:
    """32 hexadecimal digits, grouped as in a UUID."""
    digits = f"{noise.bits(place):016x}{noise.bits(place + 1):016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def not_supported(what: str) -> DriverError:
    """What a GPU answers that does not have it."""
    return DriverError(Return.NOT_SUPPORTED, f"{what}: not supported")


def invalid(what: str) -> DriverError:
    """What a GPU answers to an argument that makes no sense to it."""
    return DriverError(Return.INVALID_ARGUMENT, f"{what}: invalid argument")
