"""Rows as a Parquet file. The only module that knows pyarrow; importing it asks for the extra."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from catalog.errors import ConfigError
from history.table import Row

try:
    import pyarrow as pa
    from pyarrow import parquet
except ImportError as error:
    raise ConfigError("Parquet needs an extra: pip install 'gpuvitals[parquet]'") from error

_ROWS_A_GROUP = 65_536
_SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("s", tz="UTC")),
        ("metric", pa.string()),
        ("labels", pa.map_(pa.string(), pa.string())),
        ("value", pa.float64()),
    ]
)


def write(rows: Iterable[Row], path: Path) -> None:
    """Write *rows* to *path*, some at a time."""
    rows = iter(rows)
    with parquet.ParquetWriter(path, _SCHEMA) as writer:
        while group := tuple(islice(rows, _ROWS_A_GROUP)):
            writer.write_table(pa.Table.from_pylist(list(_records(group)), _SCHEMA))


def _records(rows: Iterable[Row]) -> Iterator[Mapping[str, object]]:
    for row in rows:
        yield {
            "time": int(row.time),
            "metric": row.metric,
            "labels": list(row.labels.items()),
            "value": row.value,
        }
