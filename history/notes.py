"""Small texts that must survive a restart, by name: the cursor in the kernel log, learned baselines."""

from history.database import Database


class Notes:
    """One text per name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, name: str) -> str | None:
        with self._database.reading() as connection:
            row = connection.execute("SELECT text FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def beginning(self, prefix: str) -> dict[str, str]:
        """The texts whose names begin with *prefix*, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, text FROM note WHERE substr(name, 1, ?) = ?", (len(prefix), prefix)
            ).fetchall()
        return {str(name): str(text) for name, text in rows}

    def write(self, name: str, text: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO note (name, text) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                (name, text),
            )
