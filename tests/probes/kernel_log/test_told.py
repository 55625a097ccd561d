"""A log that is told."""

from probes.kernel_log.reader import Problem
from probes.kernel_log.told import ToldLog


def test_what_is_told_is_read_once() -> None:
    """In order, with its time; nothing is wrong with such a log."""
    log = ToldLog()
    log.tell(5.0, "one")
    log.tell(6.0, "two")
    batch = log.read()

    assert [(record.at, record.text) for record in batch.records] == [(5.0, "one"), (6.0, "two")]
    assert (batch.caught_up, batch.problem) == (True, Problem.NONE)
    assert log.read().records == ()


def test_a_burst_comes_in_batches() -> None:
    """Until the end was reached, there is more."""
    log = ToldLog()
    for number in range(5_000):
        log.tell(1.0, str(number))
    first, second = log.read(), log.read()

    assert (first.caught_up, second.caught_up) == (False, True)
    assert len(first.records) + len(second.records) == 5_000
