"""How fast the GPU may run: the clock that demand, power limit, heat and faults leave, and the power it then draws."""

from typing import NamedTuple

from probes.sim.effects import Limits
from probes.sim.models import Model
from probes.sim.workload import Demand

# nvmlClocksEventReason* of nvml.h.
GPU_IDLE = 0x1
SW_POWER_CAP = 0x4
HW_SLOWDOWN = 0x8
SW_THERMAL = 0x20
HW_THERMAL = 0x40
HW_POWER_BRAKE = 0x80

_STEP_MHZ = 15
_EXPONENT = 2.4  # Power over clock: voltage falls with it, though not in proportion.
_HEADROOM = 1.25  # What all units at once would draw at full clocks, over the power limit.
_AWAKE = 0.06  # Share of that span which a context with nothing to do costs.


class Pace(NamedTuple):
    """How the GPU runs: its SM clock, why it is not higher (`nvmlClocksEventReason*`), and what it draws."""

    mhz: int
    reasons: int
    watts: float


def govern(model: Model, demand: Demand, limits: Limits, celsius: float) -> Pace:
    """The pace at which *model*, its die at *celsius*, meets *demand*."""
    awake = demand.processes > 0
    effort = (_AWAKE + (1 - _AWAKE) * _activity(demand)) if awake else 0.0
    ceiling, reasons = _ceiling(model, effort, limits, celsius)
    if not awake:
        ceiling, reasons = min(ceiling, model.idle.sm), reasons | GPU_IDLE
    mhz = max(model.idle.sm, int(ceiling // _STEP_MHZ * _STEP_MHZ))
    if limits.stuck_mhz is not None and limits.stuck_mhz < mhz:
        mhz, reasons = limits.stuck_mhz, reasons & ~SW_POWER_CAP
    return Pace(mhz, reasons, _watts(model, effort, mhz))


def _activity(demand: Demand) -> float:
    return min(
        1.0,
        0.2 * demand.sm
        + 0.5 * demand.tensor
        + 0.28 * demand.dram
        + 0.4 * demand.fp64
        + 0.05 * demand.copy
        + 0.03 * demand.nvlink,
    )


def _ceiling(model: Model, effort: float, limits: Limits, celsius: float) -> tuple[float, int]:
    """The highest clock allowed, and the reasons that lower it."""
    ceiling, reasons = float(model.max.sm), 0
    capped = _affordable(model, effort, model.watts)
    if capped < ceiling:
        ceiling, reasons = capped, SW_POWER_CAP
    if limits.brake_watts is not None:
        braked = _affordable(model, effort, limits.brake_watts or model.watts / 2)
        ceiling, reasons = min(ceiling, braked, model.base.sm), HW_SLOWDOWN | HW_POWER_BRAKE
    over = celsius - model.thresholds.gpu_max
    if over > 0 or limits.heat is not None:
        share = min(0.75, max(0.3, 1 - 0.07 * over))
        ceiling, reasons = min(ceiling, model.max.sm * share), reasons | SW_THERMAL
    if celsius >= model.thresholds.slowdown:
        ceiling, reasons = min(ceiling, model.base.sm), reasons | HW_SLOWDOWN | HW_THERMAL
    return ceiling, reasons


def _span(model: Model) -> float:
    return model.watts * _HEADROOM - model.idle_watts


def _watts(model: Model, effort: float, mhz: float) -> float:
    return model.idle_watts + float(_span(model) * effort * (mhz / model.max.sm) ** _EXPONENT)


def _affordable(model: Model, effort: float, watts: float) -> float:
    """The clock at which *effort* draws *watts*."""
    if effort <= 0:
        return float(model.max.sm)
    share = max(0.0, watts - model.idle_watts) / (_span(model) * effort)
    return model.max.sm * float(share ** (1 / _EXPONENT))
