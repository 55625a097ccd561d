"""The seconds of a GPU: available, observed, expected, outages; over restarts, releases and GPUs that are gone."""

import pytest

from catalog.event import EventKind
from catalog.finding import Finding, State
from catalog.metrics import availability
from tests.exporter.health.ward import Ward, uuid

AVAILABLE, OBSERVED, EXPECTED = (
    availability.AVAILABLE,
    availability.OBSERVED,
    availability.EXPECTED,
)


def seconds(ward: Ward, index: int = 0) -> tuple[float, float, float]:
    """Available, observed, expected."""
    return (
        ward.seconds(AVAILABLE, index),
        ward.seconds(OBSERVED, index),
        ward.seconds(EXPECTED, index),
    )


def outages(ward: Ward, part: str) -> float:
    """One part of the histogram of the first GPU."""
    return ward.spent[uuid(0), availability.RECOVERY, (part,)]


@pytest.mark.parametrize(
    ("state", "counted"),
    [
        ("hung", (10.0, 15.0, 15.0)),
        ("lost", (10.0, 15.0, 15.0)),
        ("unknown", (10.0, 10.0, 15.0)),
    ],
)
def test_seconds_go_where_the_state_says(state: str, counted: tuple[float, float, float]) -> None:
    """A GPU that does not answer is not available; one of which nothing is known is not observed either."""
    ward = Ward()
    ward.wait(10)
    ward.answer(state)
    ward.wait(5)

    assert seconds(ward) == pytest.approx(counted)
    assert uuid(0) in ward.shown, "its counters go on, though nobody reads it"


def test_degraded_is_available_and_unhealthy_is_not() -> None:
    """Less work is a matter of performance; a GPU that must be drained is no capacity."""
    ward = Ward()
    for state in (State.DEGRADED, State.UNHEALTHY):
        ward.watch.find(uuid(0), Finding(cause="probe_x", state=state, since=ward.now, text="x"))
        ward.wait(10)

    assert seconds(ward) == pytest.approx((10.0, 20.0, 20.0))


def test_an_outage_is_as_long_as_it_was_not_available() -> None:
    """Recovering is available again; what nobody knew in between neither ends an outage nor is one."""
    ward = Ward()
    ward.answer("hung")
    ward.wait(12)
    ward.answer("unknown", "reader_restarting")
    ward.wait(3)
    ward.answer("ok")
    ward.wait(100)
    ward.answer("unknown", "reader_restarting")
    ward.wait(9)
    ward.answer("ok")

    assert [outages(ward, part) for part in ("10.0", "30.0", "count", "sum")] == [0, 1, 1, 15]


def test_a_lost_gpu_stays_expected_and_a_replaced_one_does_not() -> None:
    """As many as were there at once: when another takes its place, the lost one leaves the denominator."""
    ward = Ward(2)
    ward.wait(10)
    ward.answer("lost", "not_found", index=1)
    ward.wait(20)
    assert seconds(ward, 1) == pytest.approx((10.0, 30.0, 30.0))

    ward.find(2)
    ward.wait(20)

    assert ward.seconds(EXPECTED, 1) == pytest.approx(30.0)
    assert ward.seconds(EXPECTED, 2) == pytest.approx(20.0)


def test_a_gpu_that_was_never_found_is_expected_if_it_is_configured() -> None:
    """It is shown as lost, on its node, and counts against the node."""
    ward = Ward(1, expected=2)
    ward.watch.enumerated()
    ward.wait(10)

    view = ward.hub.latest.gpus["unknown-1"]
    assert (view.state, view.reason) == ("lost", "not_found")
    assert ward.spent["unknown-1", EXPECTED, ()] == pytest.approx(10.0)
    assert (EventKind.GPU_LOST, "GPU 1 is lost: the driver does not find it") in ward.told()
    ward.find(1)
    assert ward.state(1)[0] == "unknown", "until it was read"
    ward.answer("ok", index=1)
    assert ward.state(1) == ("recovering", "after_lost")
    assert "unknown-1" not in ward.hub.latest.gpus


def test_a_gpu_that_the_cluster_hands_out_is_expected() -> None:
    """Found or not; and when the kubelet takes it back because it failed, it still counts against the node."""
    ward = Ward(1)
    ward.watch.enumerated()
    ward.allocatable = 2
    ward.wait(20, step=10)
    assert ward.hub.latest.gpus["unknown-1"].state == "lost"

    ward.allocatable = 0
    before = ward.spent["unknown-1", EXPECTED, ()]
    ward.wait(20)

    assert ward.spent["unknown-1", EXPECTED, ()] - before == pytest.approx(20.0)


def test_declared_maintenance_is_not_expected() -> None:
    """Until its time is over, or a GPU is read again."""
    ward = Ward()
    ward.wait(10)
    ward.watch.maintained(60)
    ward.answer("unknown", "released")
    ward.wait(60)
    assert seconds(ward) == pytest.approx((10.0, 10.0, 10.0))
    ward.wait(10)
    assert ward.seconds(EXPECTED) == pytest.approx(20.0, abs=1)

    ward.watch.maintained(600)
    ward.wait(30)
    ward.find(0)
    ward.wait(10)

    assert ward.seconds(EXPECTED) == pytest.approx(30.0, abs=2)


def test_time_without_an_exporter_is_expected_and_not_observed() -> None:
    """Ten seconds less, for the last word of a killed one may be so old; nothing after a day."""
    ward = Ward()
    ward.wait(30)

    for absent, counted in ((5.0, 0.0), (100.0, 90.0), (90_000.0, 0.0)):
        other = ward.restart(after=absent)
        assert other.seconds(EXPECTED) == counted
        assert other.seconds(OBSERVED) == 0


def test_an_outage_goes_on_over_a_restart() -> None:
    """The GPU that was hung when the exporter was killed recovers in the next one, and is told of once."""
    ward = Ward()
    ward.answer("hung")
    ward.wait(5)

    other = ward.restart(after=20.0, count=1)
    assert other.state() == ("unknown", "not_read_yet")
    other.answer("ok")

    assert other.state() == ("recovering", "after_hung")
    assert outages(other, "sum") == 25
    assert other.told() == [(EventKind.GPU_BACK, "GPU 0 is recovering: after hung")]


def test_what_was_wrong_is_wrong_after_a_restart_and_not_told_again() -> None:
    """An Xid's finding outlives the exporter, and not the boot."""
    ward = Ward()
    ward.watch.xid(uuid(0), "reset_gpu", "Xid 95")

    other = ward.restart(after=20.0, count=1)
    other.answer("ok")

    assert other.state() == ("unhealthy", "xid_reset_gpu")
    assert other.told() == []


def test_a_gpu_that_is_gone_after_a_restart_is_lost() -> None:
    """It is remembered for a day, with its identity."""
    ward = Ward(2)
    ward.wait(20)

    other = ward.restart(after=20.0, count=1)
    other.answer("ok")
    other.answer("lost", "not_found", index=1)

    assert other.state(1) == ("lost", "not_found")
    assert other.hub.latest.gpus[uuid(1)].identity.pci_bus_id == "0000:01:00.0"
    assert not ward.restart(after=90_000.0).hub.latest.gpus
