from collections.abc import Iterator
from pathlib import Path

import pytest

from history.database import Database
from history.sqlite import SqliteHistory


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A new file, open to write."""
    with Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def history(database: Database) -> SqliteHistory:
    """An empty history."""
    return SqliteHistory(database)
