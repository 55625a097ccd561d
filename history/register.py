"""The numbers by which rows name their series."""

import json
import sqlite3
from collections.abc import Iterator

from catalog.metric import Metric
from catalog.metrics import BY_NAME
from history.minute import Key


def number(connection: sqlite3.Connection, key: Key) -> int:
    """The number of the series *key*; a new one gets the next."""
    own = dict(zip(key.metric.labels, key.labels, strict=True))
    name = (key.metric.name, key.uuid, json.dumps(own, sort_keys=True))
    connection.execute(
        "INSERT OR IGNORE INTO series (metric, uuid, labels) VALUES (?, ?, ?)", name
    )
    found = connection.execute(
        "SELECT id FROM series WHERE metric = ? AND uuid = ? AND labels = ?", name
    )
    return int(found.fetchone()[0])


def of_metric(connection: sqlite3.Connection, metric: Metric) -> dict[int, dict[str, str]]:
    """The labels of every series of *metric* by its number."""
    return {number: key.named() for number, key in _of_metric(connection, metric)}


def keys(connection: sqlite3.Connection) -> Iterator[tuple[int, Key]]:
    """Every series that the catalogue still knows."""
    for metric in BY_NAME.values():
        yield from _of_metric(connection, metric)


def _of_metric(connection: sqlite3.Connection, metric: Metric) -> Iterator[tuple[int, Key]]:
    rows = connection.execute(
        "SELECT id, uuid, labels FROM series WHERE metric = ? ORDER BY uuid, labels",
        (metric.name,),
    )
    for number, uuid, labels in rows:
        own = json.loads(labels)
        if own.keys() == set(metric.labels):
            yield number, Key(uuid, metric, tuple(own[name] for name in metric.labels))


def forget_unused(connection: sqlite3.Connection) -> None:
    """Drop the series that no minute is left of."""
    connection.execute(
        "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM block WHERE block.series = series.id)"
        " AND id NOT IN (SELECT series FROM minute)"
    )
