"""The totals of counters that we hold ourselves, kept over a restart.

Save them in every transaction that appends minutes: then no stored minute is ahead of the total from
which a counter goes on after a crash, and the history sees no reset.
"""

import json
from collections.abc import Mapping

from catalog.metrics import BY_NAME
from history.database import Database
from history.minute import Key

_SAVE = """
INSERT INTO total (metric, uuid, labels, value) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value WHERE value != excluded.value
"""


class Totals:
    """Values by series; those that are not saved again stay as they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[Key, float]:
        """The totals as they were last saved, of the series that the catalogue still has."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT metric, uuid, labels, value FROM total").fetchall()
        return {
            Key(uuid, BY_NAME[name], tuple(own)): value
            for name, uuid, labels, value in rows
            if name in BY_NAME and len(own := json.loads(labels)) == len(BY_NAME[name].labels)
        }

    def save(self, totals: Mapping[Key, float]) -> None:
        rows = [
            (metric.name, uuid, json.dumps(labels), value)
            for (uuid, metric, labels), value in totals.items()
        ]
        with self._database.transaction() as connection:
            connection.executemany(_SAVE, rows)
