"""What happened is in the journal, not only in the history."""

import logging

import pytest

from catalog.event import Event, EventKind, Severity
from exporter import event_log


def test_an_event_is_one_line_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    """A critical event is an error under its kind, with the GPU and the code to filter by."""
    caplog.set_level(logging.INFO)
    event = Event(
        at=1.0,
        kind=EventKind.XID,
        severity=Severity.CRITICAL,
        message="Xid 79: gone",
        uuid="GPU-a",
        code=79,
    )

    event_log.log(event)

    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "event.xid")
    assert {"uuid": "GPU-a", "code": 79, "text": "Xid 79: gone"}.items() <= vars(record).items()


def test_an_event_of_the_node_names_no_gpu(caplog: pytest.LogCaptureFixture) -> None:
    """Fields that say nothing are left out."""
    caplog.set_level(logging.INFO)

    event_log.log(
        Event(at=1.0, kind=EventKind.DRIVER_UP, severity=Severity.INFO, message="it answers")
    )

    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert "uuid" not in vars(record)
