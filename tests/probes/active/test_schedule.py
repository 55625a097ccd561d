"""When probes are due: spread, jittered, the same for the same seed, and never in bursts."""

from hypothesis import given
from hypothesis import strategies as st

from catalog.probe import ProbeClass
from probes.active.back_off import pause
from probes.active.budget import Budget
from probes.active.pace import Pace
from probes.active.schedule import Schedule, Slot
from probes.active.task import TASKS

UUIDS = tuple(f"GPU-{number}" for number in range(8))
SLOTS = tuple(Slot(uuid, task.name) for uuid in UUIDS for task in TASKS)
LATENCY = Slot("GPU-0", "kernel-latency")
BANDWIDTH = Slot("GPU-0", "memory-bandwidth")


def due(schedule: Schedule, slot: Slot) -> float:
    """When *slot* is due, which must be scheduled."""
    found = schedule.due(slot)
    assert found is not None
    return found


def planned(seed: int = 1, *slots: Slot) -> Schedule:
    """A schedule made at time 0."""
    schedule = Schedule(seed, Pace())
    schedule.plan(slots or SLOTS, 0.0)
    return schedule


def test_nothing_runs_in_the_first_two_minutes() -> None:
    """Then all of them become known within a period of class A, spread over it."""
    first = [due(planned(), slot) for slot in SLOTS]

    assert min(first) >= 120.0
    assert max(first) <= 120.0 + 600.0
    assert len(set(first)) == len(first)


def test_the_seed_decides() -> None:
    """The same seed gives the same times after a restart; another node has others."""
    assert [due(planned(1), slot) for slot in SLOTS] == [due(planned(1), slot) for slot in SLOTS]
    assert [due(planned(1), slot) for slot in SLOTS] != [due(planned(2), slot) for slot in SLOTS]


@given(st.integers(0, 2**32), st.integers(1, 50))
def test_a_run_comes_within_a_tenth_of_its_period(seed: int, runs: int) -> None:
    """Whatever the seed, the jitter is bounded and does not add up."""
    schedule, now = planned(seed, BANDWIDTH), 0.0
    for _ in range(runs):
        schedule.done(BANDWIDTH, now)
        following = due(schedule, BANDWIDTH)
        assert 0.9 * 3600 <= following - now <= 1.1 * 3600
        now = following


def test_what_was_missed_is_not_made_up_for_in_a_burst() -> None:
    """A host that slept for a day owes one run and not 144."""
    schedule = planned(1, LATENCY)

    schedule.done(LATENCY, 86_400.0)

    assert due(schedule, LATENCY) > 86_400.0


def test_a_restart_goes_on_with_the_period() -> None:
    """A probe that ran half an hour ago is due in half an hour, one that ran yesterday as soon as it may."""
    schedule = Schedule(1, Pace())
    schedule.plan((LATENCY, BANDWIDTH), 0.0, {BANDWIDTH: 1800.0, LATENCY: 86_400.0})

    assert 0.9 * 3600 - 1800 <= due(schedule, BANDWIDTH) <= 1.1 * 3600 - 1800
    assert due(schedule, LATENCY) == 120.0


def test_planning_again_moves_nobody() -> None:
    """A GPU that is found keeps the times of those that were there, and a lost one goes."""
    schedule = planned(1, LATENCY, BANDWIDTH)
    before = due(schedule, LATENCY)

    schedule.plan((LATENCY, Slot("GPU-1", "host-link")), 300.0)

    assert due(schedule, LATENCY) == before
    assert schedule.due(BANDWIDTH) is None


def test_a_skip_for_a_tenant_is_made_up_for() -> None:
    """Once, as soon as the GPU is idle; a run that took place is owed nothing."""
    schedule = planned(1, LATENCY, BANDWIDTH)
    schedule.done(LATENCY, 0.0)
    schedule.done(BANDWIDTH, 0.0, owed=True)

    assert schedule.make_up("GPU-0", 60.0)

    assert schedule.next() == (60.0, BANDWIDTH)
    assert not schedule.make_up("GPU-0", 61.0)


def test_a_faster_pace_holds_from_now_on() -> None:
    """Reload: nobody waits out an old hour."""
    schedule = planned(1, BANDWIDTH)
    schedule.done(BANDWIDTH, 0.0)

    schedule.repace(Pace().faster(60), 10.0)

    assert due(schedule, BANDWIDTH) <= 10.0 + 1.1 * 60


def test_errors_cost_more_turns_each_time() -> None:
    """The first costs one turn, and no probe is given up for more than a day."""
    pauses = [pause(errors, ProbeClass.A, Pace()) for errors in range(40)]

    assert pauses[0] == 0.0
    assert 1.1 * 600 < pauses[1] < 1.8 * 600
    assert pauses == sorted(pauses)
    assert pauses[-1] == 86_400.0


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0.001, 1.5)), min_size=1, max_size=200))
def test_the_budget_holds_over_any_time(runs: list[tuple[float, float]]) -> None:
    """What was spent never exceeds a full bucket, what flowed in, and the excess of one run over what it should have cost."""
    budget, now, spent, expected = Budget(Pace(), 0.0), 0.0, 0.0, 0.5
    for wait, cost in runs:
        now += wait
        if budget.left(now) >= expected:
            budget.spend(cost, now)
            spent += cost
        assert spent <= 2.0 + now * 2.0 / 3600 + max(1.5 - expected, 0) + 1e-6


def test_debt_is_paid_back_in_time() -> None:
    """A run that took ten seconds silences its GPU for hours."""
    budget = Budget(Pace(), 0.0)

    budget.spend(10.0, 0.0)

    assert budget.left(0.0) == -8.0
    assert budget.left(4 * 3600.0) == 0.0
    assert budget.left(1e9) == 2.0


def test_the_default_schedule_fits_the_budget() -> None:
    """What all probes of a GPU are expected to take in an hour is less than it may be."""
    hourly = sum(task.gpu_seconds * 3600 / Pace().period(task.probe_class) for task in TASKS)

    assert hourly < Pace().budget
