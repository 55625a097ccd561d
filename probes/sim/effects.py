"""What the faults of one GPU do at a moment: each effect is a function of the faults and of the time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from probes.sim import faults
from probes.sim.faults import Fault

F = TypeVar("F", bound=Fault)

XID_EVENT = 0x8  # nvmlEventTypeXidCriticalError
DOUBLE_BIT_EVENT = 0x2  # nvmlEventTypeDoubleBitEccError

# What an Xid says has happened (https://docs.nvidia.com/deploy/xid-errors).
_UNCORRECTED = frozenset((48, 94, 95))
_REMAPPED, _REMAP_FAILED = 63, 64
_NEEDS_RESET = frozenset((_REMAPPED, _REMAP_FAILED, 95))
_LOST = frozenset(
    (79, 119, 120)
)  # Off the bus, or its firmware no longer answers: NVML tells of none of them.
# Bytes a second and lane, each way.
_LANE = {1: 0.25e9, 2: 0.5e9, 3: 0.985e9, 4: 1.969e9, 5: 3.938e9, 6: 7.563e9}
_PCIE_ERRORS = 2.0  # A second, of a link that has trained down.


class Limits(NamedTuple):
    """What holds the GPU back.

    Attributes:
        stuck_mhz: the SM clock, if it is stuck.
        brake_watts: what the power brake allows, 0 for half of the limit.
        heat: degrees that the die heats towards.
        bandwidth: share of the memory's that is left.
        link_bytes: a second, over PCIe.
    """

    stuck_mhz: int | None
    brake_watts: float | None
    heat: float | None
    bandwidth: float
    link_bytes: float


class Rows(NamedTuple):
    """Remapped rows, as `nvmlDeviceGetRemappedRows` has them."""

    corrected: int
    uncorrected: int
    pending: int
    failure: int


@dataclass(frozen=True, slots=True)
class Spell:
    """A fault and when it holds."""

    fault: Fault
    begin: float
    end: float

    def elapsed(self, moment: float) -> float:
        """Seconds that it has held so far."""
        return max(0.0, min(moment, self.end) - self.begin)

    def events(self) -> Iterator[tuple[float, int, int]]:
        """(When, event type, data) of what the driver reports of it."""
        fault = self.fault
        if isinstance(fault, faults.Xid) and fault.code not in _LOST:
            yield self.begin, XID_EVENT, fault.code
        if (isinstance(fault, faults.Xid) and fault.code == 48) or (
            isinstance(fault, faults.EccStorm) and fault.type == "uncorrected"
        ):
            yield self.begin, DOUBLE_BIT_EVENT, 0


def spell(fault: Fault, start: float) -> Spell:
    """*fault* on the clock, its own times counted from *start*."""
    begin = start + fault.at
    return Spell(fault, begin, math.inf if fault.seconds is None else begin + fault.seconds)


class Effects:
    """The faults of one GPU. Counts that they raised stay raised when they are over.

    Attributes:
        spells: replaced as a whole, so that readers in other threads need no lock.
    """

    def __init__(self, pcie_generation: int) -> None:
        self.spells: tuple[Spell, ...] = ()
        self.full_link = (pcie_generation, 16)
        self.full_link_bytes = _link_bytes(*self.full_link)
        self._no_limits = Limits(None, None, None, 1.0, self.full_link_bytes)

    def add(self, added: Spell) -> None:
        self.spells = (*self.spells, added)

    def active(self, kind: type[F], moment: float) -> Iterator[F]:
        """The faults of *kind* that hold at *moment*."""
        for each in self.spells:
            if isinstance(each.fault, kind) and each.begin <= moment < each.end:
                yield each.fault

    def begun(self, kind: type[F], moment: float) -> Iterator[tuple[F, float]]:
        """The faults of *kind* that have begun, and the seconds that each has held."""
        for each in self.spells:
            if isinstance(each.fault, kind) and each.begin <= moment:
                yield each.fault, each.elapsed(moment)

    def _first(self, kind: type[F], moment: float) -> F | None:
        return next(self.active(kind, moment), None)

    # -- the whole GPU -----------------------------------------------------------------------------------------------

    def lost(self, moment: float) -> bool:
        return bool(self.spells) and (
            any(self.active(faults.GpuLost, moment))
            or any(xid.code in _LOST for xid in self.active(faults.Xid, moment))
        )

    def mig(self, moment: float, configured: bool) -> bool:  # noqa: FBT001 - what the scenario says
        """Whether MIG is on: as the scenario says, or the other way while it is reconfigured."""
        return configured != any(self.active(faults.MigReconfigure, moment))

    def blanks(self, moment: float) -> frozenset[str]:
        """Which readings are blank."""
        return frozenset(blanks.which for blanks in self.active(faults.Blanks, moment))

    def limits(self, moment: float) -> Limits:
        if not self.spells:
            return self._no_limits
        stuck = self._first(faults.ClockStuck, moment)
        brake = self._first(faults.PowerThrottle, moment)
        heat = self._first(faults.ThermalThrottle, moment)
        loss = self._first(faults.BandwidthLoss, moment)
        return Limits(
            stuck_mhz=stuck.mhz if stuck else None,
            brake_watts=(brake.watts or 0.0) if brake else None,
            heat=heat.celsius if heat else None,
            bandwidth=loss.left if loss else 1.0,
            link_bytes=_link_bytes(*self.link(moment)),
        )

    # -- memory ------------------------------------------------------------------------------------------------------

    def ecc_errors(self, moment: float, kind: str, location: str) -> int:
        """How many there have been."""
        count = sum(
            int(storm.rate * held) + 1  # the first at once
            for storm, held in self.begun(faults.EccStorm, moment)
            if (storm.type, storm.location) == (kind, location)
        )
        if (kind, location) == ("uncorrected", "dram"):
            count += sum(xid.code in _UNCORRECTED for xid, _ in self.begun(faults.Xid, moment))
        return count

    def rows(self, moment: float) -> Rows:
        codes = [xid.code for xid in self.active(faults.Xid, moment)]
        rows = sum(remap.rows for remap, _ in self.begun(faults.RowRemapPending, moment))
        rows += sum(xid.code == _REMAPPED for xid, _ in self.begun(faults.Xid, moment))
        pending = any(self.active(faults.RowRemapPending, moment)) or _REMAPPED in codes
        return Rows(0, rows, int(pending), int(_REMAP_FAILED in codes))

    def needs_reset(self, moment: float) -> bool:
        """Whether the GPU asks for its reset."""
        return bool(self.rows(moment).pending) or any(
            xid.code in _NEEDS_RESET for xid in self.active(faults.Xid, moment)
        )

    # -- links -------------------------------------------------------------------------------------------------------

    def link(self, moment: float) -> tuple[int, int]:
        """PCIe generation and lanes."""
        slower = self._first(faults.PcieDowntrain, moment)
        return (slower.generation, slower.width) if slower else self.full_link

    def pcie_errors(self, moment: float) -> int:
        """Corrected errors, each of which made the link send again."""
        return sum(
            int(held * _PCIE_ERRORS) + 1 for _, held in self.begun(faults.PcieDowntrain, moment)
        )

    def nvlink_errors(self, moment: float, error: str, link: int | None = None) -> int:
        """Errors of one link, or of all of them."""
        return sum(
            int(fault.rate * held) + 1
            for fault, held in self.begun(faults.NvlinkErrors, moment)
            if fault.error == error and link in (None, fault.link)
        )


def _link_bytes(generation: int, width: int) -> float:
    return _LANE[generation] * width
