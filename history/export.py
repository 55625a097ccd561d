"""Rows as a file: whole, or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from catalog.errors import ConfigError
from history import table
from history.table import Row


class Format(StrEnum):
    """What an export looks like."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def write(rows: Iterable[Row], path: Path, form: Format, labels: Sequence[str]) -> None:
    """Write *rows* to *path*; CSV gets a column for each of *labels*.

    Raises:
        ConfigError: the file cannot be written, or an extra is missing.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name a file such as {path / f'history.{form}'}")
    try:
        with _replacing(path) as part:
            _write(rows, part, form, labels)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror or error}") from error


def lines(rows: Iterable[Row], form: Format, labels: Sequence[str]) -> Iterator[str]:
    """The lines of *rows* as text.

    Raises:
        ConfigError: the format has none.
    """
    match form:
        case Format.CSV:
            return table.as_csv(rows, labels)
        case Format.JSON:
            return table.as_json_lines(rows)
        case Format.PARQUET:
            raise ConfigError("Parquet is no text; name a file, such as --out history.parquet")


def _write(rows: Iterable[Row], path: Path, form: Format, labels: Sequence[str]) -> None:
    if form is Format.PARQUET:
        from history import parquet  # noqa: PLC0415 - behind an extra

        parquet.write(rows, path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines(rows, form, labels))


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside *path* that takes its place at the end; a failure leaves what was there."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
