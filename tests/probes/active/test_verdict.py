"""What a result says of a GPU, and what is learned from it."""

from collections.abc import Sequence
from random import Random
from statistics import median

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.probe import Latency, Measurement, Outcome, Probe, Reason, Result
from probes.active import baseline
from probes.active.baseline import RUNS
from probes.active.floors import Floor, floor, table
from probes.active.record import Health, Record, fitting
from probes.active.verdict import Judgement, Quantity, judge, launches
from tests.probes.active.gpus import view

RESULT = Result(probe=Probe.MEMORY_BANDWIDTH, uuid="GPU-1", outcome=Outcome.SUCCESS)
FLOOR = Floor(degraded=50.0)
LEARNED = Record(baselines={"read": (99.0, 100.0, 101.0) * 3})
PEERS = (99.0, 100.0, 101.0)


def read(value: float, peers: Sequence[float] = (), limit: Floor | None = FLOOR) -> Quantity:
    """A bandwidth of so much."""
    return Quantity(name="read", value=value, peak=120.0, floor=limit, peers=peers)


def judged(
    value: float, record: Record = LEARNED, peers: Sequence[float] = (), *, compared: bool = True
) -> Judgement:
    """The verdict on it."""
    return judge(RESULT, (read(value, peers),), record, compared=compared)


def after(record: Record, found: Judgement) -> Record:
    """The record that goes into the next verdict."""
    return msgspec.structs.replace(record, baselines=found.baselines, low_runs=found.low_runs)


def test_as_usual_is_healthy() -> None:
    """Within the limit of its own baseline and of its peers."""
    assert judged(98.0, peers=PEERS).health is Health.HEALTHY


def test_below_the_floor_is_degraded_by_itself() -> None:
    """Even on the first run, and such a run teaches nothing."""
    found = judged(49.0, Record())

    assert found.health is Health.DEGRADED
    assert found.why == ("read below the floor",)
    assert found.baselines == {}


def test_one_signal_with_peers_is_not_enough() -> None:
    """Worse than before but like the others, or worse than the others but like before."""
    assert judged(80.0, peers=(79.0, 80.0, 81.0)).health is Health.HEALTHY
    assert judged(100.0, peers=(139.0, 140.0, 141.0)).health is Health.HEALTHY


def test_two_signals_are() -> None:
    """Worse than its own baseline and worse than three peers."""
    found = judged(80.0, peers=PEERS)

    assert found.health is Health.DEGRADED
    assert found.why == ("read worse than its baseline and worse than its peers",)


def test_close_to_the_floor_and_off_the_baseline() -> None:
    """The floor's warning is one of the three signals."""
    assert judged(52.0).health is Health.DEGRADED
    assert judged(52.0, Record()).health is Health.HEALTHY


def test_two_peers_say_nothing() -> None:
    """Three are the least to compare with."""
    assert judged(80.0, peers=PEERS[:2]).health is Health.HEALTHY


def test_without_peers_it_takes_three_in_a_row() -> None:
    """A good run in between begins anew."""
    record, found = LEARNED, []
    for value in (80.0, 80.0, 100.0, 80.0, 80.0, 80.0):
        verdict = judged(value, record)
        record = after(record, verdict)
        found.append(verdict.health)

    assert found == [Health.HEALTHY] * 5 + [Health.DEGRADED]


def test_better_than_usual_is_no_deviation() -> None:
    """A GPU that got faster is not degraded."""
    assert judged(119.0, peers=PEERS).health is Health.HEALTHY


def test_a_latency_is_worse_when_it_is_higher() -> None:
    """The same rules, the other way round."""
    record = Record(baselines={"launch": (12e-6,) * RUNS})
    slow = Quantity(name="launch", value=20e-6, peers=(12e-6,) * 3, higher_is_better=False)

    assert judge(RESULT, (slow,), record).health is Health.DEGRADED


@pytest.mark.parametrize(
    ("result", "ecc"),
    [
        (msgspec.structs.replace(RESULT, outcome=Outcome.FAILED, mismatch_count=1), 0),
        (RESULT, 1),
        (
            msgspec.structs.replace(
                RESULT, outcome=Outcome.ERROR, reason=Reason.UNCORRECTABLE_ECC
            ),
            0,
        ),
    ],
)
def test_a_wrong_answer_has_failed_at_once(result: Result, ecc: float) -> None:
    """One wrong bit or one uncorrectable error is enough, however good the rest looks."""
    found = judge(result, (read(100.0),), Record(), ecc_errors=ecc)

    assert found.health is Health.FAILED
    assert found.baselines == {}


def test_beside_a_tenant_nothing_is_compared_or_learned() -> None:
    """What is slow because somebody else works is no defect; what is below the floor still is."""
    found = judged(80.0, peers=PEERS, compared=False)

    assert found.health is Health.HEALTHY
    assert not found.seen["read"].compared
    assert judged(80.0, Record(), compared=False).baselines == {}
    assert judged(49.0, compared=False).health is Health.DEGRADED


def test_the_baseline_is_the_first_healthy_runs() -> None:
    """It grows to its length and then stays: slow decay is not learned as normal."""
    record = Record()
    for number in range(3 * RUNS):
        record = after(record, judged(100.0 - number * 0.1, record))

    assert record.baselines["read"] == tuple(100.0 - number * 0.1 for number in range(RUNS))


VALUES = st.floats(1e-6, 1e13)


@given(st.lists(st.floats(1, 200), max_size=60), st.lists(st.floats(50, 150), max_size=5))
def test_only_healthy_runs_without_a_signal_are_learned(
    values: list[float], peers: list[float]
) -> None:
    """Whatever comes, a baseline holds no value at or near the floor, and none beyond its length."""
    record = Record()
    for value in values:
        found = judge(RESULT, (read(value, peers),), record)
        if found.health is not Health.HEALTHY:
            assert found.baselines == record.baselines
        record = after(record, found)

    assert all(value >= FLOOR.warning for value in record.baselines.get("read", ()))
    assert len(record.baselines.get("read", ())) <= RUNS


@given(st.lists(VALUES, min_size=1, max_size=20), st.randoms())
def test_the_limit_knows_no_order(values: list[float], random: Random) -> None:
    """The statistics are of a set."""
    shuffled = list(values)
    random.shuffle(shuffled)

    assert baseline.limit(values) == baseline.limit(shuffled)


@given(st.lists(VALUES, min_size=1, max_size=20))
def test_the_median_itself_never_deviates(values: list[float]) -> None:
    """Nor does what lies within 2 % of it."""
    middle = median(values)

    for factor in (0.981, 1.0, 1.019):
        for way in (True, False):
            assert not baseline.worse(middle * factor, values, higher_is_better=way)


@given(st.lists(VALUES, min_size=3, max_size=20), st.floats(1e-3, 1e3))
def test_units_do_not_matter(values: list[float], factor: float) -> None:
    """GB/s or B/s: the same value deviates."""
    scaled = [value * factor for value in values]

    assert baseline.limit(scaled) == pytest.approx(baseline.limit(values) * factor)


@given(st.lists(st.floats(99, 101), min_size=RUNS, max_size=RUNS), st.floats(1, 1e6))
def test_one_outlier_does_not_widen_the_limit(values: list[float], outlier: float) -> None:
    """However far it is, the limit is at most five deviations of the others' own range: half of them lie within it."""
    assert baseline.limit([*values, outlier]) <= 5 * 1.4826 * (101 - 99) + 1e-9


# -- environment and floors --------------------------------------------------------------------------------------------


def test_another_driver_begins_anew() -> None:
    """What was learned under one driver is not what to expect of the next."""
    record = msgspec.structs.replace(LEARNED, environment={"driver": "570", "vbios": "96"})

    changed = fitting(record, {"driver": "580"})

    assert changed.baselines == {}
    assert changed.environment == {"driver": "580", "vbios": "96"}


def test_what_cannot_be_read_has_not_changed() -> None:
    """A question that the driver does not answer once costs no baseline."""
    record = msgspec.structs.replace(LEARNED, environment={"driver": "570", "vbios": "96"})

    assert fitting(record, {"vbios": "96"}).baselines == LEARNED.baselines


def test_every_floor_is_below_what_a_simulated_gpu_gives() -> None:
    """The table is read without a complaint, and no healthy GPU of the simulator is near it."""
    assert len(table()) >= 10
    memory = Measurement(
        name="read", bytes_per_second=4.6e12, peak=4.815e12, spread=0.0, repeats=1
    )
    context = msgspec.structs.replace(RESULT.context, bus_bits=6016)

    found = floor(Probe.MEMORY_BANDWIDTH, memory, context, view())

    assert found is not None
    assert 0.7 * 4.815e12 < found.degraded < found.warning < 4.6e12


def test_a_slow_link_is_held_to_what_the_slot_can_do() -> None:
    """The floor of the host link is that of the maximum, not of what it came up with."""
    link = Measurement(
        name="host_to_device", bytes_per_second=6e9, peak=None, spread=0.0, repeats=1
    )

    found = floor(Probe.HOST_LINK, link, RESULT.context, view())

    assert found == Floor(degraded=48e9)


def test_no_floor_where_the_table_has_none() -> None:
    """Both ways at once, a latency's probe, a bus of unknown width: nothing is made up."""
    both = Measurement(name="both", bytes_per_second=1e9, peak=None, spread=0.0, repeats=1)

    assert floor(Probe.HOST_LINK, both, RESULT.context, view()) is None
    assert floor(Probe.KERNEL_LATENCY, both, RESULT.context, view()) is None
    assert floor(Probe.MEMORY_BANDWIDTH, both, RESULT.context, view()) is None


def test_latencies_of_other_kinds_are_not_launches() -> None:
    """The GPU's own clock and a peer's loads are measured beside it."""
    both = (Latency(name="event", seconds=(1.0,)), Latency(name="launch", seconds=(2.0,)))

    assert launches(msgspec.structs.replace(RESULT, latencies=both)) == (2.0,)
    assert launches(RESULT) == ()
