import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from catalog.errors import ConfigError, HistoryError
from catalog.event import Event, EventKind, Severity
from history.database import Database
from history.events import EventLog, Wanted
from history.opening import FILE
from history.question import Function, Question
from history.schema import APPLICATION_ID, MIGRATIONS
from history.sqlite import SqliteHistory
from tests.history.samples import POWER, T0, event, gauge

OPENERS = pytest.mark.parametrize("opener", [Database.open, Database.open_reader])


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """A state folder that does not exist yet is created, parents too."""
    with Database.open(tmp_path / "a" / "b") as database:
        assert EventLog(database).query(Wanted()).events == ()


def test_again(tmp_path: Path) -> None:
    """What was written is there when the file is opened again."""
    with Database.open(tmp_path) as database:
        EventLog(database).append([event(T0, "kept")])
    with Database.open(tmp_path) as database:
        (found,) = EventLog(database).query(Wanted()).events

    assert found.message == "kept"


@OPENERS
def test_a_folder_in_its_place(tmp_path: Path, opener: type) -> None:
    """A folder with the file's name is named as such."""
    (tmp_path / FILE).mkdir()

    with pytest.raises(ConfigError, match=r"gpuvitals.sqlite is a folder, not a file"):
        opener(tmp_path)


def test_a_state_dir_that_is_a_file(tmp_path: Path) -> None:
    """A state folder that is a file is refused with the option to change."""
    (tmp_path / "state").write_text("")

    with pytest.raises(ConfigError, match=r"cannot open .*state.*check --state-dir"):
        Database.open(tmp_path / "state")


@OPENERS
def test_not_a_database(tmp_path: Path, opener: type) -> None:
    """A file that never was a database is left alone."""
    (tmp_path / FILE).write_text("my diary, do not delete")

    with pytest.raises(ConfigError, match="is no SQLite database; move it away"):
        opener(tmp_path)

    assert (tmp_path / FILE).read_text() == "my diary, do not delete"


@OPENERS
def test_somebody_elses_database(tmp_path: Path, opener: type) -> None:
    """Another program's database is left alone."""
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("CREATE TABLE cookies (name TEXT)")

    with pytest.raises(ConfigError, match="belongs to another program"):
        opener(tmp_path)


@OPENERS
def test_newer_version(tmp_path: Path, opener: type) -> None:
    """A file of a newer version is refused, not damaged."""
    Database.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as newer:
        newer.execute("PRAGMA user_version = 99")

    with pytest.raises(
        ConfigError, match=r"newer gpuvitals \(format 99, this one knows 2\); upgrade"
    ):
        opener(tmp_path)


def damage_header(path: Path) -> None:
    """Overwrite the schema's page, but for the magic."""
    path.write_bytes(path.read_bytes()[:16] + b"\xa5" * 8000)


def damage_by_power_cut(path: Path) -> None:
    """Leave the zeros that a file system may leave."""
    path.write_bytes(bytes(8192))


@pytest.mark.parametrize("damage", [damage_header, damage_by_power_cut])
def test_a_damaged_file_is_kept_aside(
    tmp_path: Path, damage: type, caplog: pytest.LogCaptureFixture
) -> None:
    """The exporter starts with a new file; the damaged one stays for whoever wants to rescue it."""
    Database.open(tmp_path).close()
    (tmp_path / f"{FILE}.corrupt-1").write_text("from last time")
    damage(tmp_path / FILE)
    damaged = (tmp_path / FILE).read_bytes()

    with caplog.at_level(logging.WARNING), Database.open(tmp_path) as database:
        SqliteHistory(database).append([gauge(T0, 1.0)])

    assert (tmp_path / f"{FILE}.corrupt-2").read_bytes() == damaged
    assert [record.message for record in caplog.records] == ["database.moved_aside"]


def test_damage_found_while_reading(tmp_path: Path) -> None:
    """Damage in the middle of the file is an error of the question that meets it, with the path."""
    with Database.open(tmp_path) as database:
        history = SqliteHistory(database)
        history.append([gauge(T0 + 60 * n, float(n)) for n in range(2000)])
    content = bytearray((tmp_path / FILE).read_bytes())
    content[4096 * 12 :] = b"\xa5" * (len(content) - 4096 * 12)
    (tmp_path / FILE).write_bytes(content)

    question = Question(metric=POWER.metric, function=Function.MEAN, start=T0, end=T0 + 120_000)
    with (
        Database.open_reader(tmp_path) as database,
        pytest.raises(HistoryError, match=str(tmp_path)),
    ):
        SqliteHistory(database).answer(question)


def test_nothing_to_read(tmp_path: Path) -> None:
    """A reader does not make files."""
    with pytest.raises(ConfigError, match=r"there is no history at .*; check --state-dir"):
        Database.open_reader(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """What opens to read is refused to write by SQLite itself."""
    Database.open(tmp_path).close()

    with Database.open_reader(tmp_path) as database, pytest.raises(HistoryError, match="readonly"):
        EventLog(database).append([event(T0)])


def test_readers_and_a_writer_at_once(tmp_path: Path) -> None:
    """While one connection appends and packs, another always sees whole minutes, and every one of them."""
    question = Question(
        metric=POWER.metric, function=Function.MEAN, start=T0, end=T0 + 86_400, step=60
    )
    keys = [POWER._replace(uuid=f"GPU-{n}") for n in range(4)]
    written = threading.Event()

    def write() -> None:
        with Database.open(tmp_path) as database:
            history = SqliteHistory(database)
            for at in range(T0, T0 + 300 * 60, 60):
                history.append([gauge(at, 1.0, key) for key in keys])
                history.maintain(at + 60)
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    seen = []
    with Database.open_reader(tmp_path) as database:
        history = SqliteHistory(database)
        while writer.is_alive():
            seen.append([len(line.times) for line in history.answer(question)])
        seen.append([len(line.times) for line in history.answer(question)])
    writer.join()

    assert all(len(counts) == 4 and len(set(counts)) == 1 for counts in seen)
    assert seen == sorted(seen)
    assert seen[-1] == [300] * 4


def test_threads_take_turns(tmp_path: Path) -> None:
    """One connection may be used from any thread; no transaction mixes with another."""
    with Database.open(tmp_path) as database:
        log = EventLog(database)

        def write(name: str) -> None:
            for number in range(20):
                with database.transaction():
                    log.append([event(T0 + number, name)])
                    log.append([event(T0 + number, name)])

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(log.query(Wanted(limit=1000)).events) == 160


def test_a_file_of_the_first_format(tmp_path: Path) -> None:
    """Its events are kept, with nothing in the fields that they did not have, and new ones join them."""
    with closing(sqlite3.connect(tmp_path / FILE)) as old:
        old.executescript(MIGRATIONS[0])
        old.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;")
        old.executescript(
            "INSERT INTO event (at, uuid, kind, severity, code, message)"
            " VALUES (1728000000, 'GPU-a', 'xid', 'critical', 79, 'gone');"
        )
    with Database.open(tmp_path) as database:
        EventLog(database).append([event(1_728_000_001, "new")])
        new, found = EventLog(database).query(Wanted()).events

    assert new.message == "new"
    assert found == Event(
        at=1_728_000_000,
        kind=EventKind.XID,
        severity=Severity.CRITICAL,
        message="gone",
        uuid="GPU-a",
        code=79,
    )
