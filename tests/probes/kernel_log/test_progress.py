from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from probes.kernel_log.progress import Cursor, Progress
from probes.kernel_log.record import Record

BOOT = "boot-1"


def record(number: int | None, *, origin: str = BOOT, dense: bool = True) -> Record:
    return Record(text="", origin=origin, sequence=number, dense=dense)


def taken(progress: Progress, numbers: Iterable[int]) -> list[int]:
    return [number for number in numbers if progress.take(record(number))]


def test_each_record_once() -> None:
    """The ring buffer is read again after each restart; what was read before is not new."""
    progress = Progress(Cursor(origin=BOOT, next=12))

    assert taken(progress, [10, 11, 12, 13, 12, 14]) == [12, 13, 14]
    assert progress.lost == 0


def test_holes_are_losses() -> None:
    """The kernel numbers without holes, so a hole is what it has overwritten."""
    progress = Progress(Cursor(origin=BOOT, next=12))

    assert taken(progress, [15, 16, 19]) == [15, 16, 19]
    assert progress.lost == 3 + 2


def test_the_journal_has_holes() -> None:
    """Between two entries of the kernel lie those of processes."""
    progress = Progress(None)
    new = [progress.take(record(number, origin="journal", dense=False)) for number in (3, 9, 9)]

    assert new == [True, True, False]
    assert progress.lost == 0


def test_nothing_is_missing_before_the_first_record_ever() -> None:
    """A first start does not know what was before, and does not miss it."""
    progress = Progress(None)

    assert taken(progress, [5000, 5001]) == [5000, 5001]
    assert progress.lost == 0


def test_a_new_boot() -> None:
    """It numbers from 0: what it wrote before we came, and overwrote, is lost."""
    progress = Progress(Cursor(origin="boot-0", next=9000))

    assert taken(progress, [4, 5]) == [4, 5]
    assert progress.lost == 4


def test_lines_without_a_number() -> None:
    """They are new whenever they are read."""
    progress = Progress(Cursor(origin=BOOT, next=12))

    assert progress.take(record(None, origin=""))
    assert (progress.origin, progress.next) == (BOOT, 12)


def test_an_absurd_number_does_not_silence_the_log() -> None:
    """A garbled line in a file must not make all others look old."""
    progress = Progress(Cursor(origin=BOOT, next=12))

    assert taken(progress, [2**63, 12, 13]) == [2**63, 12, 13]
    assert progress.lost == 0


@given(st.integers(0, 50), st.lists(st.integers(0, 60)))
def test_taken_or_lost_or_old(start: int, numbers: list[int]) -> None:
    """Every number up to the last one was taken once or is lost."""
    progress = Progress(Cursor(origin=BOOT, next=start))
    new = taken(progress, numbers)

    assert new == sorted(set(new))
    assert progress.next == max([start, *(number + 1 for number in new)])
    assert len(new) + progress.lost == progress.next - start
