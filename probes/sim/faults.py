"""The faults that can be simulated, each with what can be said of it. What they do is in `probes.sim.effects`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from catalog.probe import Probe
from catalog.typed import Mismatch, check_word, typed
from probes.bench_gpu import Behaviour
from probes.sim.models import Model

Positive = Annotated[float, Meta(gt=0, le=1e9)]
Rate = Annotated[float, Meta(gt=0, le=1e6)]
Errors = Literal["crc", "replay", "recovery", "ecc"]
Blanked = Literal["all", "utilization", "memory", "power", "temperature", "clocks", "ecc", "pcie"]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What all faults have.

    Attributes:
        gpu: which GPU, counted as the scenario lists them.
        at: seconds after the start (of a scenario) or after now (when injected).
        seconds: how long it lasts; None is for good.
    """

    gpu: Annotated[int, Meta(ge=0)]
    at: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    seconds: Positive | None = 60.0


class Xid(Fault, frozen=True, kw_only=True):
    """The driver reports an Xid; those that say what happened to memory or to the GPU let it happen."""

    code: Annotated[int, Meta(ge=1, le=999)]
    seconds: Positive | None = None


class EccStorm(Fault, frozen=True):
    """Memory errors, *rate* a second."""

    type: Literal["corrected", "uncorrected"] = "corrected"
    location: Literal["dram", "sram"] = "dram"
    rate: Rate = 10.0


class RowRemapPending(Fault, frozen=True):
    """Rows wait to be remapped; the end is the reset that does it."""

    rows: Annotated[int, Meta(ge=1, le=512)] = 1
    seconds: Positive | None = None


class ThermalThrottle(Fault, frozen=True):
    """Cooling fails: the die heats towards *celsius* and the clocks fall."""

    celsius: Annotated[float, Meta(ge=60, le=110)] = 92.0


class PowerThrottle(Fault, frozen=True):
    """The board's power brake holds it at *watts*, by default half of its limit."""

    watts: Positive | None = None


class ClockStuck(Fault, frozen=True):
    """The SM clock does not rise above *mhz* whatever the load, and no reason is given."""

    mhz: Annotated[int, Meta(ge=1, le=10_000)] = 345
    seconds: Positive | None = 600.0


class BandwidthLoss(Fault, frozen=True):
    """Memory moves only the share *left* of what it could."""

    left: Annotated[float, Meta(gt=0, lt=1)] = 0.25
    seconds: Positive | None = 600.0


class PcieDowntrain(Fault, frozen=True):
    """The link to the host comes up slower."""

    generation: Annotated[int, Meta(ge=1, le=6)] = 3
    width: Literal[1, 2, 4, 8, 16] = 8
    seconds: Positive | None = 600.0


class NvlinkErrors(Fault, frozen=True):
    """Errors of one link, *rate* a second."""

    error: Errors = "crc"
    link: Annotated[int, Meta(ge=0)] = 0
    rate: Rate = 10.0


class GpuLost(Fault, frozen=True):
    """The GPU falls off the bus."""

    seconds: Positive | None = None


class Hang(Fault, frozen=True):
    """Questions to the GPU are not answered while it lasts.

    Attributes:
        blocks_all: the first stuck question blocks every caller of the driver, as a lock inside it does.
    """

    blocks_all: bool = False
    seconds: Positive | None = 15.0


class Blanks(Fault, frozen=True):
    """Readings are NVML's blanks in place of numbers."""

    which: Blanked = "all"


class MigReconfigure(Fault, frozen=True):
    """Somebody switches MIG on where it is off, and off where it is on, until the fault ends."""

    seconds: Positive | None = 600.0


class ProbeFailure(Fault, frozen=True):
    """An active probe ends badly: its next runs, until it is over. No reading of the GPU shows it.

    Attributes:
        outcome: what the probe finds, or how its child fails: `probes.bench_gpu` says what each word means.
    """

    probe: Probe = Probe.MEMORY_INTEGRITY
    outcome: Behaviour = Behaviour.FAILED
    seconds: Positive | None = 600.0


KINDS: Mapping[str, type[Fault]] = MappingProxyType(
    {
        "xid": Xid,
        "ecc_storm": EccStorm,
        "row_remap_pending": RowRemapPending,
        "thermal_throttle": ThermalThrottle,
        "power_throttle": PowerThrottle,
        "clock_stuck": ClockStuck,
        "bandwidth_loss": BandwidthLoss,
        "pcie_downtrain": PcieDowntrain,
        "nvlink_errors": NvlinkErrors,
        "gpu_lost": GpuLost,
        "hang": Hang,
        "blanks": Blanks,
        "mig_reconfigure": MigReconfigure,
        "probe_failure": ProbeFailure,
    }
)
"""The word of each fault in scenario files and in `POST /api/v1/faults`."""


def parse(written: object, gpus: int) -> Fault:
    """The fault that *written* describes, on a node of *gpus* GPUs.

    Raises:
        ConfigError: it describes none; the message says what is wrong with it.
    """
    if not isinstance(written, Mapping):
        raise Mismatch(f"a fault is a mapping such as {{gpu: 0, kind: hang}}, not {written!r}")
    if "kind" not in written:
        raise Mismatch(f"the key 'kind' is missing; use one of {', '.join(KINDS)}")
    check_word(written["kind"], KINDS, "fault", "kind")
    fault = typed(written, KINDS[cast(str, written["kind"])], also=("kind",))
    if fault.gpu >= gpus:
        raise Mismatch(f"gpu {fault.gpu}: this node has {_range(gpus)}", "gpu")
    return fault


def check(fault: Fault, model: Model) -> None:
    """Complain if *model* cannot have *fault*, which would then show nowhere.

    Raises:
        ConfigError: it cannot; the message says why.
    """
    if isinstance(fault, NvlinkErrors):
        _check_link(fault, model)
    if isinstance(fault, MigReconfigure) and model.mig is None:
        raise Mismatch(f"gpu: {model.name} has no MIG", "gpu")
    if isinstance(fault, PcieDowntrain) and fault.generation > model.pcie_generation:
        raise Mismatch(
            f"generation: {model.name} has PCIe {model.pcie_generation} at most", "generation"
        )
    if isinstance(fault, ClockStuck) and fault.mhz > model.max.sm:
        raise Mismatch(f"mhz: {model.name} runs at {model.max.sm} MHz at most", "mhz")


def _check_link(fault: NvlinkErrors, model: Model) -> None:
    if not model.nvlinks:
        raise Mismatch(f"gpu: {model.name} has no NVLink", "gpu")
    if fault.link >= model.nvlinks:
        raise Mismatch(f"link: {model.name} has links 0 to {model.nvlinks - 1}", "link")
    if fault.error == "ecc" and model.counts_per_link:
        raise Mismatch(
            f"error: {model.name} does not count ecc; use crc, replay or recovery", "error"
        )


def _range(gpus: int) -> str:
    return "GPU 0 only" if gpus == 1 else f"GPUs 0 to {gpus - 1}"
