"""Files that an annotation names: lists of entries, which lie beside the objective or in a folder."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from catalog.errors import ConfigError
from catalog.yamlfile import Document, Place
from slo.calendar import zone
from slo.openslo.folder import Folder
from slo.openslo.reading import read

T = TypeVar("T", bound=msgspec.Struct)


def entries(folder: Folder, file: Path, kind: type[T]) -> Iterator[tuple[Document, Place, T]]:
    """What is listed in *file*, each with its place.

    Raises:
        ConfigError: the file cannot be read, or an entry is no *kind*.
    """
    document = folder.attachment(file)
    if not isinstance(document.value, list) or not document.value:
        raise document.error(f"expected a list of entries with {', '.join(fields(kind))}")
    for number in range(len(document.value)):
        yield document, (number,), read(document, (number,), kind)


def fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The keys of an entry."""
    return kind.__struct_encode_fields__


def moment(text: str, time_zone: str) -> float:
    """The time that is written in *text*.

    Raises:
        ConfigError: it is none, or nobody says in which zone.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"expected a time such as 2026-11-03T14:00:00+01:00, got {text!r}"
        ) from None
    if found.tzinfo is not None:
        return found.timestamp()
    if not time_zone:
        raise ConfigError(
            f"{text!r} is in no zone; write 2026-11-03T14:00:00+01:00, or give `timeZone`"
        )
    return found.replace(tzinfo=zone(time_zone)).timestamp()
