"""Alerts that are one thing under two sets of labels."""

import pytest

from exporter.alerting.conditions import Alert
from exporter.alerting.mismatch import filters, mismatches

OURS = {"alertname": "GpuXid", "node": "n", "uuid": "GPU-1", "xid": "79", "cluster": "c"}
IDENTITY = ("alertname", "node", "uuid", "xid")


def alert(labels: dict[str, str] = OURS) -> Alert:
    return Alert(labels=frozenset(labels.items()), identity=IDENTITY, annotations={}, since=0.0)


@pytest.mark.parametrize(
    ("theirs", "mismatch"),
    [
        (OURS, False),
        ({**OURS, "replica": "a"}, True),
        ({name: text for name, text in OURS.items() if name != "cluster"}, True),
        ({**OURS, "node": "n.example.com"}, True),
        ({name: text for name, text in OURS.items() if name != "xid"}, True),
        ({**OURS, "xid": "48"}, False),
        ({**OURS, "uuid": "GPU-2"}, False),
        ({**OURS, "alertname": "GpuLost"}, False),
    ],
)
def test_what_is_about_the_same_and_differs_is_found(
    theirs: dict[str, str], *, mismatch: bool
) -> None:
    """A label more, less or other; another Xid or GPU is another alert."""
    found = mismatches([alert()], [frozenset(theirs.items())])

    assert bool(found) is mismatch


def test_only_such_alerts_are_asked_for() -> None:
    """Of a large fleet's Alertmanager we read what is about our own GPUs."""
    assert filters([alert(), alert({**OURS, "uuid": "GPU-2"})]) == (
        'alertname=~"GpuXid"',
        'uuid=~"GPU-1|GPU-2"',
    )
