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

    def write(self, name: str, text: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO note (name, text) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                (name, text),
            )
