"""The physics hang together: energy is the sum of power, heat follows power, clocks obey limits."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.sim import faults
from probes.sim.effects import Effects, spell
from probes.sim.faults import Fault
from probes.sim.governor import GPU_IDLE, HW_POWER_BRAKE, SW_POWER_CAP, SW_THERMAL
from probes.sim.gpu import CELL, Physics, State
from probes.sim.models import MODELS, Model
from probes.sim.noise import Noise
from probes.sim.workload import Demand, Profile, workload

START = 1_795_472_504.0
FULL = Demand(sm=1, occupancy=1, tensor=1, dram=1, copy=1, nvlink=1, memory=0.9, processes=1)
HALF = Demand(sm=0.5, tensor=0.4, dram=0.3, memory=0.5, processes=1)

FAULTS = st.sampled_from(
    [
        faults.ThermalThrottle(gpu=0, at=20, seconds=30),
        faults.PowerThrottle(gpu=0, at=10, seconds=30),
        faults.ClockStuck(gpu=0, at=5, seconds=60),
        faults.BandwidthLoss(gpu=0, at=15, seconds=20),
        faults.PcieDowntrain(gpu=0, at=25, seconds=40),
    ]
)
MODEL = st.sampled_from(sorted(MODELS))
PROFILE = st.sampled_from(Profile)


def physics(
    model: str, profile: Profile | Demand, *faults: Fault, seed: int = 0, start: float = START
) -> Physics:
    """One GPU; a constant demand may stand for the profile."""
    effects = Effects(MODELS[model].pcie_generation)
    for fault in faults:
        effects.add(spell(fault, start))
    demand = (
        workload(profile, seed, 0) if isinstance(profile, Profile) else (lambda _moment: profile)
    )
    return Physics(MODELS[model], demand, effects, Noise(seed), start)


def states(simulated: Physics, seconds: int) -> list[State]:
    """A state per cell."""
    return [simulated.at(START + cell * CELL) for cell in range(int(seconds / CELL))]


@given(MODEL, PROFILE, st.lists(FAULTS, max_size=3), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_energy_is_the_sum_of_power(
    model: str, profile: Profile, chosen: list[Fault], seed: int
) -> None:
    """The energy counter grows by exactly what the power says."""
    seen = states(physics(model, profile, *chosen, seed=seed), 60)

    summed = sum(state.rate.watts * CELL for state in seen[:-1])

    assert seen[-1].joules(seen[-1].at) == pytest.approx(summed, rel=1e-9)


@given(MODEL, PROFILE, st.lists(FAULTS, max_size=3), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_nothing_leaves_its_bounds(
    model: str, profile: Profile, chosen: list[Fault], seed: int
) -> None:
    """Shares stay between 0 and 1, power under its limit, clocks and temperatures within the model's."""
    row = MODELS[model]

    for state in states(physics(model, profile, *chosen, seed=seed), 60):
        shares = (*state.rate[1:8], state.busy, state.controller, state.memory)
        assert all(0 <= share <= 1 for share in shares)
        assert row.idle_watts <= state.rate.watts <= row.watts + 0.01
        assert 20 < state.die < 110
        assert 20 < state.memory_heat < 130
        assert 0 < state.pace.mhz <= row.max.sm


@given(
    MODEL,
    PROFILE,
    st.lists(FAULTS, max_size=3),
    st.lists(st.floats(-5, 20), min_size=2, max_size=30),
)
@settings(max_examples=40, deadline=None)
def test_counters_never_fall(
    model: str, profile: Profile, chosen: list[Fault], pauses: list[float]
) -> None:
    """Whenever they are asked, and even when the time lies behind."""
    simulated, moment, seen = physics(model, profile, *chosen), START, []
    for pause in pauses:
        moment = max(START, moment + pause)
        seen.append(simulated.at(moment).total)

    assert all(
        after >= before
        for earlier, later in pairwise(seen)
        for before, after in zip(earlier, later, strict=True)
    )


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(100, 200))
@settings(max_examples=40, deadline=None)
def test_asking_changes_nothing(asked: list[float], moment: float) -> None:
    """A GPU says the same whether it was watched or not."""
    watched, unwatched = physics("H100", Profile.TRAINING), physics("H100", Profile.TRAINING)
    for seconds in sorted(asked):
        watched.at(START + seconds)

    assert watched.at(START + moment) == unwatched.at(START + moment)


@given(st.floats(0, 0.7), st.floats(0, 0.7))
def test_more_work_means_more_power_and_heat(low: float, high: float) -> None:
    """Below the power limit, settled temperature and power rise with the work that is done."""
    low, high = sorted((low, high))
    cool, warm = (
        physics("H200", Demand(sm=work, tensor=work, dram=work, processes=1)).at(START + 300)
        for work in (low, high)
    )

    assert cool.rate.watts <= warm.rate.watts
    assert cool.die <= warm.die
    assert cool.memory_heat <= warm.memory_heat


def test_heat_follows_power_with_delay() -> None:
    """When work starts, power is there at once, the die warms within a minute, the memory more slowly."""
    effects = Effects(5)
    simulated = Physics(
        MODELS["H200"],
        lambda moment: HALF if moment >= START + 10 else Demand(),
        effects,
        Noise(0),
        START,
    )
    before, first, later, settled = (
        simulated.at(START + seconds) for seconds in (9, 10.5, 22, 300)
    )

    assert first.rate.watts == settled.rate.watts > 2 * before.rate.watts
    assert before.die < first.die < later.die < settled.die
    assert later.die - before.die == pytest.approx((settled.die - before.die) * 0.63, rel=0.05)
    assert (later.memory_heat - before.memory_heat) < (
        settled.memory_heat - before.memory_heat
    ) / 2


def test_an_idle_gpu_rests() -> None:
    """Nothing to do: idle clocks, idle power, the idle reason, no memory in use."""
    state = physics("H100", Profile.IDLE).at(START + 60)

    assert state.pace.mhz == 345
    assert state.pace.reasons == GPU_IDLE
    assert state.rate.watts == pytest.approx(70)
    assert (state.busy, state.memory, state.processes) == (0, 0, 0)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_full_work_meets_the_power_limit(model: str) -> None:
    """More than the board can feed lowers the clock until the power is at its limit, and says why."""
    state = physics(model, FULL).at(START + 60)

    assert state.pace.reasons == SW_POWER_CAP
    assert state.pace.mhz < MODELS[model].max.sm
    assert 0.95 * MODELS[model].watts < state.rate.watts <= MODELS[model].watts
    assert state.total.sw_power_cap == pytest.approx(60, abs=CELL)


def test_cooling_lost_lowers_the_clocks() -> None:
    """Heat beyond what is allowed costs clocks and power; both return when it is cool again."""
    fault = faults.ThermalThrottle(gpu=0, at=10, seconds=60)
    simulated = physics("H100", HALF, fault)
    before, at_once, hot, after = (simulated.at(START + seconds) for seconds in (9, 10.5, 60, 300))

    assert before.pace.reasons == after.pace.reasons == 0
    assert at_once.pace.reasons & SW_THERMAL
    assert hot.die > MODELS["H100"].thresholds.slowdown > before.die
    assert hot.pace.mhz < before.pace.mhz
    assert hot.rate.watts < before.rate.watts
    assert after.pace == before.pace
    assert after.die == pytest.approx(before.die, abs=1)


def test_the_brake_holds_the_power() -> None:
    """The power brake keeps the board under its watts by lowering the clock."""
    state = physics("H100", FULL, faults.PowerThrottle(gpu=0, watts=300)).at(START + 5)

    assert state.pace.reasons & HW_POWER_BRAKE
    assert state.rate.watts <= 300
    assert state.pace.mhz <= MODELS["H100"].base.sm


def test_slow_clocks_slow_everything_behind_them() -> None:
    """At a quarter of the clock, links carry a quarter, and power falls; no reason is given."""
    demand = Demand(sm=0.8, receive=0.5, nvlink=0.5, processes=1)
    well, stuck = (
        physics("H200", demand, *chosen).at(START + 5)
        for chosen in ((), (faults.ClockStuck(gpu=0, mhz=495),))
    )

    assert stuck.pace.mhz == 495
    assert stuck.pace.reasons == 0
    assert stuck.rate.sm == well.rate.sm
    assert stuck.rate.nvlink == pytest.approx(well.rate.nvlink / 4)
    assert stuck.rate.pcie_receive == pytest.approx(well.rate.pcie_receive / 4)
    assert stuck.rate.watts < well.rate.watts


def test_a_stuck_clock_is_no_power_cap() -> None:
    """A clock stuck below what the power limit allows is not blamed on the limit."""
    state = physics("H100", FULL, faults.ClockStuck(gpu=0)).at(START + 5)

    assert (state.pace.mhz, state.pace.reasons) == (345, 0)


def test_average_power_is_that_of_a_second() -> None:
    """This half second and the one before."""
    first, second = states(physics("H100", Profile.TRAINING), 20)[-2:]

    assert first.rate.watts != second.rate.watts
    assert second.average_watts == (first.rate.watts + second.rate.watts) / 2


def test_a_narrow_link_carries_less() -> None:
    """A link of an eighth of the bandwidth caps what goes over it, and nothing else."""
    demand = Demand(sm=0.1, copy=0.9, receive=0.8, transmit=0.01, processes=1)
    well, narrow = (
        physics("H100", demand, *chosen).at(START + 5)
        for chosen in ((), (faults.PcieDowntrain(gpu=0, generation=4, width=4),))
    )

    assert narrow.rate.pcie_receive == pytest.approx(well.rate.pcie_receive / 6.4, rel=0.01)
    assert narrow.rate.pcie_transmit == well.rate.pcie_transmit
    assert narrow.busy == well.busy


def test_copies_count_as_utilization_but_not_as_sm_activity() -> None:
    """A PCIe-bound phase keeps the GPU busy for the driver while the SMs do nothing."""
    state = physics("H200", Demand(copy=0.75, receive=0.8, processes=1)).at(START + 5)

    assert state.busy == 0.75
    assert state.rate.sm == 0


def test_a_long_sleep_is_caught_up() -> None:
    """After a month without a question, counters have grown by a month."""
    simulated = physics("H100", Profile.IDLE)
    month = 30 * 86_400

    state = simulated.at(START + month)

    assert state.joules(START + month) == pytest.approx(70 * month, rel=1e-6)


@given(PROFILE, st.integers(0, 1000), st.floats(0, 1e9))
def test_demand_is_a_share(profile: Profile, seed: int, moment: float) -> None:
    """At any moment a profile asks for shares between 0 and 1."""
    demand = workload(profile, seed, 3)(moment)

    assert all(0 <= share <= 1 for share in demand[:-1])
    assert demand.processes >= (demand.sm > 0)


def test_profiles_differ() -> None:
    """Training computes and talks to its peers, inference reads memory, batch has pauses, idle does nothing."""
    day = [START + 97 * step for step in range(900)]
    mean = {
        profile: [sum(column) / len(day) for column in zip(*map(workload(profile, 1, 0), day), strict=True)]
        for profile in Profile
    }  # fmt: skip
    by_name = {profile: Demand._make(values) for profile, values in mean.items()}

    assert by_name[Profile.TRAINING].tensor > 0.5
    assert by_name[Profile.TRAINING].nvlink > by_name[Profile.INFERENCE].nvlink
    assert by_name[Profile.INFERENCE].dram > by_name[Profile.INFERENCE].tensor
    assert 1.2 < by_name[Profile.INFERENCE].processes < 1.8
    assert 0.3 < by_name[Profile.BATCH].processes < 0.9
    assert by_name[Profile.BATCH].fp64 > 0
    assert by_name[Profile.IDLE] == Demand()


def test_models_are_complete() -> None:
    """Each row is coherent in itself."""
    for model in MODELS.values():
        _check_model(model)


def _check_model(model: Model) -> None:
    assert model.idle_watts < model.min_watts <= model.watts
    assert model.idle.sm < model.base.sm < model.max.sm
    limits = model.thresholds
    assert limits.gpu_max < limits.slowdown < limits.shutdown
    assert model.reserved_bytes < model.memory_bytes / 50
    assert bool(model.nvlinks) == bool(model.nvlink_bytes)
    if model.mig:
        assert model.mig.count * model.mig.memory_bytes < model.memory_bytes
