"""The physics of one GPU: work, clocks, power, heat, and what has flowed so far.

Time runs in cells of half a second. Within a cell every rate is constant; so a counter at any moment is exact, and what
a GPU says depends on its scenario and on the time, not on who asked before. Cells are worked out when they are asked for.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from probes.sim.effects import Effects, Limits
from probes.sim.governor import SW_POWER_CAP, SW_THERMAL, Pace, govern
from probes.sim.models import Model
from probes.sim.noise import Noise
from probes.sim.workload import Demand

CELL = 0.5
PATIENCE = 5000
_DIE_TAU, _MEMORY_TAU, _FAILING_TAU = 12.0, 25.0, 3.0
_RISE = 44.0  # Degrees over the inlet at full power.
_LINK_EFFICIENCY = 0.88  # 55.3 of PCIe 5's 63 GB/s, as the probe's prototype measured on an H200.


class Flow(NamedTuple):
    """What flows: per second, or (as a total) since the start. Shares and reasons flow as seconds."""

    watts: float
    sm: float
    occupancy: float
    tensor: float
    dram: float
    fp64: float
    fp32: float
    fp16: float
    pcie_receive: float
    pcie_transmit: float
    nvlink: float
    sw_power_cap: float
    sw_thermal: float

    def plus(self, rate: "Flow", seconds: float) -> "Flow":
        return Flow._make([total + each * seconds for total, each in zip(self, rate, strict=True)])


class State(NamedTuple):
    """One cell.

    Attributes:
        at: when it began, seconds since 1970.
        rate: what flows during it; *total*: what had flowed before it.
        average_watts: over this cell and the one before: one second.
        busy, controller: share of the time with any work, and with memory moving (`nvmlUtilization_t`).
        memory: share of the memory for programs that they hold.
    """

    at: float
    rate: Flow
    total: Flow
    pace: Pace
    average_watts: float
    die: float
    memory_heat: float
    busy: float
    controller: float
    memory: float
    processes: int

    def totals(self, moment: float) -> Flow:
        """What has flowed until *moment*."""
        return self.total.plus(self.rate, moment - self.at)

    def joules(self, moment: float) -> float:
        return self.total.watts + self.rate.watts * (moment - self.at)


class Physics:
    """One GPU, advanced to the time that is asked for. Not for several threads at once.

    Attributes:
        patience: cells after which a pause is caught up in longer steps: a laptop may have slept for days.
    """

    def __init__(
        self,
        model: Model,
        demand: Callable[[float], Demand],
        effects: Effects,
        inlet: Noise,
        start: float,
    ) -> None:
        self.patience = PATIENCE
        self._model = model
        self._demand = demand
        self._effects = effects
        self._inlet = 24.0 + 5.0 * inlet.at(0)
        self._state = self._first(math.floor(start / CELL) * CELL)

    def at(self, moment: float) -> State:
        """The cell that holds *moment*, or the newest one if it lies behind."""
        step = max(1, int((moment - self._state.at) / CELL) // self.patience)
        while (cells := int((moment - self._state.at) / CELL)) > 0:
            self._state = self._next(min(step, cells) * CELL)
        return self._state

    def _first(self, at: float) -> State:
        """As if the first cell's work had gone on for long."""
        zero = Flow(*(0.0,) * len(Flow._fields))
        limits = self._effects.limits(at)
        demand = _starved(self._demand(at), limits.bandwidth)
        pace = govern(self._model, demand, limits, self._inlet)
        die = self._settled(pace.watts)
        heat = die, _memory_target(die, demand.dram)
        return self._cell(at, zero, pace.watts, heat, (demand, limits, pace))

    def _next(self, seconds: float) -> State:
        before = self._state
        at = before.at + seconds
        limits = self._effects.limits(at)
        demand = _starved(self._demand(at), limits.bandwidth)
        heat = self._heat(before, limits, seconds)
        pace = govern(self._model, demand, limits, heat[0])
        total = before.total.plus(before.rate, seconds)
        return self._cell(at, total, before.rate.watts, heat, (demand, limits, pace))

    def _cell(
        self,
        at: float,
        total: Flow,
        watts_before: float,
        heat: tuple[float, float],
        work: tuple[Demand, Limits, Pace],
    ) -> State:
        demand, _, pace = work
        rate = self._rate(*work)
        return State(
            at=at,
            rate=rate,
            total=total,
            pace=pace,
            average_watts=(watts_before + pace.watts) / 2,
            die=heat[0],
            memory_heat=heat[1],
            busy=min(1.0, max(1.6 * demand.sm, demand.copy)),
            controller=rate.dram,
            memory=demand.memory,
            processes=demand.processes,
        )

    def _rate(self, demand: Demand, limits: Limits, pace: Pace) -> Flow:
        """What is done of *demand*: with slower clocks all that the SMs feed slows down."""
        speed = pace.mhz / self._model.max.sm
        link = limits.link_bytes * _LINK_EFFICIENCY
        full = self._effects.full_link_bytes * _LINK_EFFICIENCY * speed
        return Flow(
            watts=pace.watts,
            sm=demand.sm,
            occupancy=demand.occupancy,
            tensor=demand.tensor,
            dram=demand.dram,
            fp64=demand.fp64,
            fp32=demand.fp32,
            fp16=demand.fp16,
            pcie_receive=min(link, demand.receive * full),
            pcie_transmit=min(link, demand.transmit * full),
            nvlink=demand.nvlink * self._model.nvlinks * self._model.nvlink_bytes * speed,
            sw_power_cap=float(bool(pace.reasons & SW_POWER_CAP)),
            sw_thermal=float(bool(pace.reasons & SW_THERMAL)),
        )

    def _heat(self, before: State, limits: Limits, seconds: float) -> tuple[float, float]:
        """Temperatures of die and memory after *seconds* of what went on before."""
        target, tau = self._settled(before.rate.watts), _DIE_TAU
        if limits.heat is not None and limits.heat > target:
            target, tau = limits.heat, _FAILING_TAU
        die = _relaxed(before.die, target, seconds / tau)
        memory = _memory_target(target, before.rate.dram)
        return die, _relaxed(before.memory_heat, memory, seconds / _MEMORY_TAU)

    def _settled(self, watts: float) -> float:
        return self._inlet + _RISE * watts / self._model.watts


def _starved(demand: Demand, bandwidth: float) -> Demand:
    """*demand* when memory gives at most *bandwidth*: the SMs wait for it, and so does all behind them."""
    if demand.dram <= bandwidth:
        return demand
    share = bandwidth / demand.dram
    return demand._replace(
        dram=bandwidth,
        tensor=demand.tensor * share,
        fp64=demand.fp64 * share,
        fp32=demand.fp32 * share,
        fp16=demand.fp16 * share,
        receive=demand.receive * share,
        transmit=demand.transmit * share,
        nvlink=demand.nvlink * share,
    )


def _memory_target(die: float, dram: float) -> float:
    return die + 2.0 + 14.0 * dram


def _relaxed(value: float, target: float, time: float) -> float:
    return target + (value - target) * math.exp(-time)
