"""Opening the SQLite file of a node, and every way in which that can fail.

A file that is another program's, or of a newer version, is the operator's to judge: ConfigError.
A file of ours that is damaged is moved aside, kept, and a new one begun: the exporter must not stay down.
"""

import logging
import sqlite3
from itertools import count
from pathlib import Path

from catalog.errors import ConfigError
from history.schema import APPLICATION_ID, MIGRATIONS, migrate, version

FILE = "gpuvitals.sqlite"
_MAGIC = b"SQLite format 3\0"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PATIENCE = 10.0
# In this order: the first two only take effect while the file is empty.
_SETTINGS = (
    "PRAGMA page_size = 4096",
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an acknowledged minute survives a power cut too: one fsync a minute
    "PRAGMA journal_size_limit = 8388608",
)
# What SQLite remembers of the file. Its own 2 MB would take an hour to fill, minute by minute; the kernel remembers it anyway.
_CACHE = "PRAGMA cache_size = -256"

logger = logging.getLogger(__name__)


def writable(folder: Path) -> sqlite3.Connection:
    """The file in *folder*, ready to write; both are made if missing.

    Raises:
        ConfigError: it cannot be; the message says what to do.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_file(path)
        try:
            return _ready(path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGE:
                raise
            _move_aside(path, error)
            return _ready(path)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"cannot open {path}: {error}; check --state-dir") from error


def readable(folder: Path) -> sqlite3.Connection:
    """The file in *folder*, read-only; an exporter may be writing to it.

    Raises:
        ConfigError: there is none, or it cannot be read.
    """
    path = folder / FILE
    try:
        if not path.exists():
            raise ConfigError(f"there is no history at {path}; check --state-dir")
        _check_file(path)
        return _read_only(path)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"cannot read {path}: {error}; check --state-dir") from error


def _check_file(path: Path) -> None:
    """Refuse what was never a database; an empty file or one of zeros is what a power cut leaves."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a file; move it away or change --state-dir")
    if path.exists():
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
        if start.strip(b"\0") and start != _MAGIC:
            raise ConfigError(f"{path} is no SQLite database; move it away or change --state-dir")


def _ready(path: Path) -> sqlite3.Connection:
    connection = _connect(path.absolute().as_uri(), path)
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        return _connect(address, path)
    except sqlite3.OperationalError:
        # SQLite cannot read a WAL database that nobody has open from a folder that it may not
        # write to, unless it is promised that nobody will: https://sqlite.org/wal.html#readonly
        if path.with_name(f"{FILE}-wal").exists():
            raise
        return _connect(f"{address}&immutable=1", path)


def _connect(address: str, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(_CACHE)
        _check_owner(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if tables and owner != APPLICATION_ID:
        raise ConfigError(f"{path} belongs to another program; move it away or change --state-dir")
    if (found := version(connection)) > len(MIGRATIONS):
        raise ConfigError(
            f"{path} was written by a newer gpuvitals (format {found}, this one knows"
            f" {len(MIGRATIONS)}); upgrade gpuvitals or change --state-dir"
        )


def _move_aside(path: Path, error: sqlite3.Error) -> None:
    aside = next(
        name for n in count(1) if not (name := path.with_name(f"{FILE}.corrupt-{n}")).exists()
    )
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(FILE + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    logger.warning(
        "database.moved_aside",
        extra={"path": str(path), "kept_as": str(aside), "error": str(error)},
    )
