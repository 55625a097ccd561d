from contextlib import suppress
from dataclasses import fields

import pytest

from catalog.errors import HistoryError
from catalog.event import Event, EventKind, Severity
from catalog.metrics import utilization
from catalog.xid.actions import Action
from history.database import Database
from history.events import EventLog, Wanted
from history.minute import Key
from history.notes import Notes
from history.totals import Totals
from tests.history.samples import DAY, T0, event

WHOLE = Event(
    at=T0 + 1.0,
    kind=EventKind.XID,
    severity=Severity.CRITICAL,
    message="Xid 154: changed",
    uuid="GPU-a",
    reason="xid",
    pci_bus_id="00000000:3B:00.0",
    gpu_instance=1,
    compute_instance=2,
    code=154,
    sub_code="node_reboot",
    action=Action.REBOOT_NODE,
    process="gv-0123456789ab",
    pid=4711,
    probe=True,
)


def messages(log: EventLog, wanted: Wanted) -> list[str]:
    """The messages of one page."""
    return [event.message for event in log.query(wanted).events]


def test_an_event_comes_back_whole(database: Database) -> None:
    """Every field of an event survives."""
    log = EventLog(database)
    happened = event(T0 + 0.25, "row remapping failed")

    log.append([happened, WHOLE])

    assert log.query(Wanted()).events == (WHOLE, happened)
    assert all(getattr(WHOLE, field.name) not in ("", None, False) for field in fields(Event))


def test_newest_first_in_pages(database: Database) -> None:
    """Pages follow each other without overlap or gap, also where times are equal."""
    log = EventLog(database)
    log.append(event(T0 + number // 3, str(number)) for number in range(10))

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = log.query(Wanted(limit=4, before=cursor))
        seen += [event.message for event in page.events]
        cursor = page.next

    assert seen == [str(number) for number in reversed(range(10))]


def test_new_events_do_not_move_later_pages(database: Database) -> None:
    """A reader that pages while things happen sees every older event once."""
    log = EventLog(database)
    log.append(event(T0 + number, str(number)) for number in range(6))
    first = log.query(Wanted(limit=3))

    log.append([event(T0 + 100, "new")])

    assert messages(log, Wanted(limit=3, before=first.next or "")) == ["2", "1", "0"]


def test_filters(database: Database) -> None:
    """Range, GPU and kinds narrow what comes."""
    log = EventLog(database)
    log.append(
        [
            event(T0, "a"),
            event(T0 + 1, "b", EventKind.GPU_LOST),
            event(T0 + 2, "c", EventKind.GPU_LOST, uuid="GPU-b"),
            event(T0 + 3, "d", EventKind.DRIVER_UP, uuid=""),
        ]
    )

    assert messages(log, Wanted(start=T0 + 1, end=T0 + 3)) == ["c", "b"]
    assert messages(log, Wanted(uuid="GPU-a")) == ["b", "a"]
    assert messages(log, Wanted(uuid="")) == ["d"]
    assert messages(log, Wanted(kinds=(EventKind.GPU_LOST, EventKind.XID))) == ["c", "b", "a"]
    assert messages(log, Wanted(kinds=())) == []


def test_filters_of_xids(database: Database) -> None:
    """Severity, code and text narrow what comes."""
    log = EventLog(database)
    log.append([event(T0, "50% of RAM"), WHOLE, event(T0 + 2, "up", EventKind.DRIVER_UP)])

    assert messages(log, Wanted(severities=(Severity.CRITICAL,))) == [WHOLE.message]
    assert messages(log, Wanted(codes=(15, 154))) == [WHOLE.message]
    assert messages(log, Wanted(text="xid 154")) == [WHOLE.message]
    assert messages(log, Wanted(text="0% OF")) == ["50% of RAM"]
    assert messages(log, Wanted(text="_")) == []


def test_a_storm_is_bounded(database: Database) -> None:
    """The newest of each severity stay; what is rare is not pushed out by what comes in thousands."""
    log = EventLog(database, most=10)
    log.append([WHOLE])
    for number in range(100):
        log.append([event(T0 + number, str(number))])
    kept = messages(log, Wanted())

    assert kept[:10] == [str(number) for number in range(99, 89, -1)]
    assert kept[-1] == WHOLE.message
    assert len(kept) <= 21
    log.expire(T0 + 100)
    assert len(messages(log, Wanted())) == 11


@pytest.mark.parametrize("cursor", ["x", "1_", "_1", "1_2_3"])
def test_wrong_cursor(database: Database, cursor: str) -> None:
    """A cursor that no page gave is refused."""
    with pytest.raises(HistoryError, match="is not the cursor of a page of events"):
        EventLog(database).query(Wanted(before=cursor))


def test_retention(database: Database) -> None:
    """Events older than 90 days are forgotten."""
    log = EventLog(database)
    log.append([event(T0, "old"), event(T0 + DAY, "young")])

    log.expire(T0 + 90 * DAY + 1)

    assert messages(log, Wanted()) == ["young"]


def test_totals_come_back(database: Database) -> None:
    """Totals are found again by metric, GPU and labels, each as it was last saved."""
    totals = Totals(database)
    busy, other = Key("GPU-a", utilization.BUSY), Key("GPU-b", utilization.BUSY)

    totals.save({busy: 1.5, other: 7.0})
    totals.save({busy: 2.5})

    assert totals.load() == {busy: 2.5, other: 7.0}


def test_totals_of_another_version_are_left_out(database: Database) -> None:
    """A metric has got a label since: what was saved without it can be no series any more."""
    totals = Totals(database)
    totals.save({Key("GPU-a", utilization.BUSY): 1.5, Key("GPU-b", utilization.BUSY, ("x",)): 7.0})

    assert totals.load() == {Key("GPU-a", utilization.BUSY): 1.5}


def test_events_and_totals_commit_together(database: Database) -> None:
    """A failure after both were written leaves neither."""
    log, totals, notes = EventLog(database), Totals(database), Notes(database)

    with suppress(ZeroDivisionError), database.transaction():
        log.append([event(T0, "counted")])
        totals.save({Key("GPU-a", utilization.BUSY): 1.0})
        notes.write("kmsg", "boot,17")
        raise ZeroDivisionError

    assert log.query(Wanted()).events == ()
    assert totals.load() == {}
    assert notes.read("kmsg") is None


def test_notes(database: Database) -> None:
    """A note is what was last written under its name."""
    notes = Notes(database)
    notes.write("kmsg", "boot,17")
    notes.write("kmsg", "boot,18")

    assert notes.read("kmsg") == "boot,18"
