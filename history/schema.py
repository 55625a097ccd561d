"""The tables of a node's SQLite file, and how an older file becomes a newer one.

Migration N turns version N into N + 1 and never changes once released. The columns of `minute` and
`block` are one set: what is a number in a minute is a packed array (`history.packing`) in a block.
Gauges have low, mean, high, last, covered; counters last, increase; see `history.minute`.
"""

import sqlite3

APPLICATION_ID = 0x47505556  # "GPUV": `file` and we recognise the file by it

MIGRATIONS = (
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        metric TEXT NOT NULL,
        uuid TEXT NOT NULL,
        labels TEXT NOT NULL,  -- a JSON object
        UNIQUE (metric, uuid, labels)
    );
    CREATE TABLE minute (
        at INTEGER NOT NULL,
        series INTEGER NOT NULL,
        low REAL, mean REAL, high REAL, last REAL, covered REAL, increase REAL,
        PRIMARY KEY (at, series)  -- in the order of time: a minute's rows share a few pages
    ) WITHOUT ROWID;
    CREATE TABLE block (
        series INTEGER NOT NULL,
        start INTEGER NOT NULL,  -- of its first minute
        finish INTEGER NOT NULL,  -- end of its last minute
        width INTEGER NOT NULL,  -- 3600: it has the clock hour to itself; 86400: the UTC day
        at BLOB NOT NULL,
        low BLOB, mean BLOB, high BLOB, last BLOB, covered BLOB, increase BLOB,
        PRIMARY KEY (series, start)
    );
    CREATE INDEX block_age ON block (width, start, finish);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        uuid TEXT NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        code INTEGER,
        message TEXT NOT NULL
    );
    CREATE INDEX event_at ON event (at, id);
    CREATE TABLE total (
        metric TEXT NOT NULL,
        uuid TEXT NOT NULL,
        labels TEXT NOT NULL,  -- a JSON array, in the order of the metric's labels
        value REAL NOT NULL,
        PRIMARY KEY (metric, uuid, labels)
    ) WITHOUT ROWID;
    CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE event ADD COLUMN reason TEXT NOT NULL DEFAULT '';
    ALTER TABLE event ADD COLUMN pci_bus_id TEXT NOT NULL DEFAULT '';
    ALTER TABLE event ADD COLUMN gpu_instance INTEGER;
    ALTER TABLE event ADD COLUMN compute_instance INTEGER;
    ALTER TABLE event ADD COLUMN sub_code TEXT NOT NULL DEFAULT '';
    ALTER TABLE event ADD COLUMN action TEXT;
    ALTER TABLE event ADD COLUMN process TEXT NOT NULL DEFAULT '';
    ALTER TABLE event ADD COLUMN pid INTEGER;
    ALTER TABLE event ADD COLUMN probe INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX event_severity ON event (severity, id);  -- the bound of each
    """,
)


def version(connection: sqlite3.Connection) -> int:
    """How many migrations the file has seen."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version; each step is one transaction."""
    for number, script in enumerate(MIGRATIONS[version(connection) :], start=version(connection)):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script};"
            f" PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number + 1}; COMMIT;"
        )
