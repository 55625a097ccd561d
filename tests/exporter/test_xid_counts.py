"""Xids are counted by what they ask for, from 0, and over a restart."""

from catalog.event import Event, EventKind, Severity
from catalog.metrics.events import XID_ERRORS, XID_LAST
from catalog.snapshot import Identity
from exporter.xid_counts import XidCounts
from history.minute import Key

GPU = Identity(uuid="GPU-a", index=0, model="NVIDIA H100 80GB HBM3", pci_bus_id="00000000:19:00.0")


def xid(code: int, at: float = 100.0) -> Event:
    """An Xid of the GPU as the reader reports it."""
    return Event(
        at=at,
        kind=EventKind.XID,
        severity=Severity.WARNING,
        message=f"Xid {code} on GPU 0",
        uuid=GPU.uuid,
        code=code,
    )


def test_a_code_that_pages_begins_at_zero() -> None:
    """Prometheus sees the first Xid 79, since the series was there before."""
    counts = XidCounts({})

    counts.found(GPU)

    assert counts.totals[Key(GPU.uuid, XID_ERRORS, ("79", "reboot_node"))] == 0.0


def test_finding_a_gpu_again_keeps_its_counts() -> None:
    """A reader that restarts does not forget what happened."""
    counts = XidCounts({})
    counts.count(xid(79))

    counts.found(GPU)

    assert counts.totals[Key(GPU.uuid, XID_ERRORS, ("79", "reboot_node"))] == 1.0


def test_counts_go_on_after_a_restart() -> None:
    """What a store kept is where the next exporter begins."""
    before = XidCounts({})
    before.count(xid(31))

    after = XidCounts(before.totals)
    after.count(xid(31, at=200.0))

    assert after.totals[Key(GPU.uuid, XID_ERRORS, ("31", "restart_app"))] == 2.0
    assert after.totals[Key(GPU.uuid, XID_LAST, ("31",))] == 200.0


def test_an_unknown_code_is_an_event_too() -> None:
    """A driver newer than the table is not silenced."""
    counts = XidCounts({})

    event = counts.count(xid(9999))

    assert counts.totals[Key(GPU.uuid, XID_ERRORS, ("9999", "contact_support"))] == 1.0
    assert "contact_support" in event.message


def test_the_event_says_what_to_do() -> None:
    """Whoever reads the events page need not look the code up."""
    event = XidCounts({}).count(xid(79))

    assert event.severity is Severity.CRITICAL
    assert event.message.endswith("action reboot_node")


def test_the_series_of_one_gpu_are_its_own() -> None:
    """Two GPUs on one node do not share counts."""
    counts = XidCounts({})
    counts.count(xid(31))
    other = Event(
        at=1.0, kind=EventKind.XID, severity=Severity.INFO, message="", uuid="GPU-b", code=31
    )
    counts.count(other)

    reading = counts.reading("GPU-a", 5.0)

    assert dict(zip(reading.layout.series, reading.values, strict=True)) == {
        (XID_ERRORS, ("31", "restart_app")): 1.0,
        (XID_LAST, ("31",)): 100.0,
    }
