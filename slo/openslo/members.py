"""The groups that an objective must have: listed in an annotation, or in a file that it names."""

from pathlib import Path

from catalog import yamlfile
from catalog.errors import ConfigError
from catalog.yamlfile import Document

Member = tuple[str, ...]


def members(text: str, by: tuple[str, ...], beside: Path) -> tuple[Member, ...]:
    """The values of the labels *by* of each member.

    Args:
        text: values of the one label that groups, or the name of a YAML file.
        by: the labels that the objective groups by.
        beside: the file that holds the annotation.

    Raises:
        ConfigError: the list is empty, or a member has other labels.
    """
    if not by:
        raise ConfigError("members need gpuvitals.dev/group-by, the labels that tell them apart")
    if text.endswith((".yaml", ".yml")):
        found = _of_file(yamlfile.load(beside.parent / text), by)
    elif len(by) == 1:
        found = tuple((part.strip(),) for part in text.split(",") if part.strip())
    else:
        raise ConfigError(
            f"members with the labels {', '.join(by)} are listed in a file; expected its name, such as members.yaml"
        )
    if not found:
        raise ConfigError("the list of members is empty")
    if twice := next((one for one in found if found.count(one) > 1), None):
        raise ConfigError(f"the member {'/'.join(twice)} is listed twice")
    return found


def _of_file(document: Document, by: tuple[str, ...]) -> tuple[Member, ...]:
    if not isinstance(document.value, list):
        raise document.error(f"expected a list of mappings with the labels {', '.join(by)}")
    return tuple(_member(document, number, by) for number in range(len(document.value)))


def _member(document: Document, number: int, by: tuple[str, ...]) -> Member:
    assert isinstance(document.value, list)  # noqa: S101 - the caller looked
    written = document.value[number]
    if not isinstance(written, dict) or written.keys() != set(by):
        raise document.error(f"[{number}]: expected the labels {', '.join(by)}", number)
    values = tuple(written[label] for label in by)
    if not all(isinstance(value, str) and value for value in values):
        raise document.error(f"[{number}]: labels have texts; put numbers in quotes", number)
    return tuple(map(str, values))
