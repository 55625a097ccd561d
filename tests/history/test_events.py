from contextlib import suppress

import pytest

from catalog.errors import HistoryError
from catalog.event import EventKind
from catalog.metrics import utilization
from history.database import Database
from history.events import EventLog, Wanted
from history.minute import Key
from history.notes import Notes
from history.totals import Totals
from tests.history.samples import DAY, T0, event


def messages(log: EventLog, wanted: Wanted) -> list[str]:
    """The messages of one page."""
    return [event.message for event in log.query(wanted).events]


def test_an_event_comes_back_whole(database: Database) -> None:
    """Every field of an event survives."""
    log = EventLog(database)
    happened = event(T0 + 0.25, "row remapping failed")

    log.append([happened])

    assert log.query(Wanted()).events == (happened,)


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
