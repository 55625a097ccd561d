"""When the reader is replaced because a GPU is lost."""

import pytest

from catalog.snapshot import Identity, Snapshot
from exporter.hub import Hub
from exporter.reopening import WAITS, Reopening


def machine(**states: str) -> Snapshot:
    """GPUs by their names, in these states."""
    hub = Hub()
    for index, (uuid, state) in enumerate(states.items()):
        hub.found(Identity(uuid=uuid, index=index, model="", pci_bus_id=""))
        hub.state(uuid, state, "")
    return hub.latest


LOST = machine(a="ok", b="lost")


def tries(snapshot: Snapshot, until: float, unopened: int = 0) -> list[float]:
    """When it is due, seen every five seconds."""
    reopening = Reopening()
    times = [5.0 * step for step in range(int(until / 5))]
    return [now for now in times if reopening.due(snapshot, unopened, now)]


def test_each_try_is_later_than_the_one_before() -> None:
    """A GPU that was pulled for good costs the others a second every quarter of an hour."""
    assert tries(LOST, 3700) == [60, 180, 420, 900, 1800, 2700, 3600]


def test_a_gpu_that_cannot_be_opened_is_tried_too() -> None:
    """Nothing is known of it but that the driver counts it."""
    assert tries(machine(a="ok"), 200, unopened=1) == [60, 180]


@pytest.mark.parametrize("other", ["ok", "hung", "unknown"])
def test_who_is_not_lost_is_no_reason(other: str) -> None:
    """Also a GPU that hangs: the next process would hang too."""
    assert tries(machine(a="ok", b=other), 3600) == []


@pytest.mark.parametrize("other", ["hung", "unknown"])
def test_while_a_gpu_hangs_nobody_is_replaced(other: str) -> None:
    """The process that watches it knows more than a new one would."""
    assert tries(machine(a="ok", b="lost", c=other), 3600) == []


def test_another_loss_begins_the_row_again_and_never_twice_a_minute() -> None:
    """However often GPUs come and go, those that are well are disturbed once a minute at most."""
    reopening = Reopening()
    due = [
        now
        for now in range(0, 600, 5)
        if reopening.due(machine(a="ok", b="lost", c="lost" if now % 50 else "ok"), 0, now)
    ]

    assert due == []
    assert not reopening.due(LOST, 0, 600)
    assert reopening.due(LOST, 0, 600 + WAITS[0])
