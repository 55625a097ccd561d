import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.event import Event, EventKind, Severity
from exporter.twins import PATIENCE, Twins, What

GPU: What = ("GPU-1", 31)
OTHER: What = ("GPU-2", 31)


def event(what: What = GPU, at: float = 0.0) -> Event:
    return Event(
        at=at,
        kind=EventKind.XID,
        severity=Severity.WARNING,
        message="",
        uuid=what[0],
        code=what[1],
    )


def test_the_kernel_log_first() -> None:
    """Its record counts at once; the event of NVML does not count any more."""
    twins = Twins()

    assert twins.recorded(GPU, 10.0)
    twins.told(GPU, event(), 10.2)
    assert twins.alone(20.0) == []


def test_nvml_first() -> None:
    """Its event waits, the record counts."""
    twins = Twins()
    twins.told(GPU, event(), 10.0)

    assert twins.alone(10.9) == []
    assert twins.recorded(GPU, 10.9)
    assert twins.alone(20.0) == []


def test_nvml_alone() -> None:
    """After a second without a twin its event counts, once."""
    twins = Twins()
    twins.told(GPU, event(), 10.0)

    assert twins.alone(10.9) == []
    assert twins.alone(11.0) == [(GPU, event())]
    assert twins.alone(12.0) == []


def test_nvml_without_a_log() -> None:
    """Nobody waits for a twin that cannot come; should the log come back with it, it does not count again."""
    twins = Twins()
    twins.told(GPU, event(), 10.0)

    assert len(twins.alone(10.0, patience=0.0)) == 1
    assert not twins.recorded(GPU, 15.0)


def test_a_twin_that_comes_too_late() -> None:
    """The event counted already, so the record does not."""
    twins = Twins()
    twins.told(GPU, event(), 10.0)

    assert len(twins.alone(11.0)) == 1
    assert not twins.recorded(GPU, 15.0)
    assert twins.recorded(GPU, 15.0)


def test_the_kernel_log_alone() -> None:
    """NVML does not deliver each Xid; after a minute nobody waits for it."""
    twins = Twins()

    assert twins.recorded(GPU, 10.0)
    twins.alone(100.0)
    twins.told(GPU, event(), 100.0)
    assert len(twins.alone(101.0)) == 1


def test_twins_are_of_one_gpu_and_one_code() -> None:
    """A record of another GPU or code is no twin."""
    twins = Twins()
    twins.recorded(OTHER, 10.0)
    twins.recorded(("GPU-1", 79), 10.0)
    twins.told(GPU, event(), 10.0)

    assert len(twins.alone(11.0)) == 1


ORDERS = sorted(set(itertools.permutations("kkknnn")))


@pytest.mark.parametrize("order", ORDERS, ids="".join)
@pytest.mark.parametrize("apart", [0.0, 0.3, 5.0])
def test_three_pairs_in_any_order(order: tuple[str, ...], apart: float) -> None:
    """Three Xids, each told twice, in whatever order and however far apart: three counts."""
    twins = Twins()
    counts = 0
    for step, source in enumerate(order):
        now = step * apart
        counts += len(twins.alone(now))
        if source == "k":
            counts += twins.recorded(GPU, now)
        else:
            twins.told(GPU, event(), now)
    counts += len(twins.alone(100.0))

    assert counts == 3


TOLD = st.tuples(st.sampled_from("kn"), st.sampled_from([GPU, OTHER]), st.floats(0, 8))


@given(st.lists(TOLD, max_size=60))
def test_as_many_as_the_fuller_source_told(told: list[tuple[str, What, float]]) -> None:
    """Within the memory each GPU's count is the greater of what the two sources told of it."""
    twins = Twins()
    counts = dict.fromkeys((GPU, OTHER), 0)
    now = 0.0
    for source, what, wait in told:
        now += min(wait, 50 / len(told))
        for alone, _ in twins.alone(now):
            counts[alone] += 1
        if source == "k":
            counts[what] += twins.recorded(what, now)
        else:
            twins.told(what, event(what), now)
    for alone, _ in twins.alone(now + 2 * PATIENCE):
        counts[alone] += 1

    for what in counts:
        numbers = [sum((who, source) == (what, kind) for source, who, _ in told) for kind in "kn"]
        assert counts[what] == max(numbers)


@pytest.mark.parametrize("log_first", [True, False])
def test_a_burst(*, log_first: bool) -> None:
    """Ten thousand Xids in a second, each told twice, count ten thousand times and leave nothing behind."""
    twins = Twins()
    counts = 0
    for step in range(10_000):
        now = step / 10_000
        if log_first:
            counts += twins.recorded(GPU, now)
        twins.told(GPU, event(), now)
        counts += 0 if log_first else twins.recorded(GPU, now)
    counts += len(twins.alone(10.0))

    assert counts == 10_000
    assert twins.dropped == 0
    twins.alone(1000.0)
    assert not twins._waiting
    assert not twins._recorded._added
    assert not +twins._recorded._left


def test_a_source_that_runs_wild() -> None:
    """Events beyond ten thousand in a second find no room, and are counted as dropped."""
    twins = Twins()
    for _ in range(12_000):
        twins.told(GPU, event(), 0.0)

    assert len(twins.alone(1.0)) == 10_000
    assert twins.dropped == 2_000
