"""Tables that packages carry, read strictly: a slip in them is a bug of ours, found when they are loaded."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import TypeVar

from catalog.errors import CatalogError

T = TypeVar("T")


def load(
    package: str, name: str, columns: tuple[str, ...], build: Callable[[Mapping[str, str]], T]
) -> tuple[T, ...]:
    """The rows of the file *name* of *package*, each made by *build*.

    Raises:
        CatalogError: the file does not hold what it should.
    """
    text = (files(package) / name).read_text(encoding="utf-8")
    return tuple(parse(text, name, columns, build))


def parse(
    text: str, name: str, columns: tuple[str, ...], build: Callable[[Mapping[str, str]], T]
) -> Iterator[T]:
    """The rows of *text*, which came from the file *name*.

    Raises:
        CatalogError: the header is another, a row is longer or shorter, or *build* refuses a value.
    """
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    if tuple(next(lines, ())) != columns:
        raise CatalogError(f"{name}:1: the header must be {','.join(columns)}")
    try:
        for cells in lines:
            yield build(dict(zip(columns, cells, strict=True)))
    except (ValueError, csv.Error) as error:
        raise CatalogError(f"{name}:{lines.line_num}: {error}") from error


def unique(name: str, rows: tuple[T, ...], key: Callable[[T], int]) -> dict[int, T]:
    """*rows* by their *key*.

    Raises:
        CatalogError: two rows share a key.
    """
    found: dict[int, T] = {}
    for row in rows:
        if found.setdefault(key(row), row) is not row:
            raise CatalogError(f"{name}: {key(row)} is listed twice")
    return found
