"""YAML in and out: the only module that imports `yaml`. What the values mean is decided elsewhere.

Read is YAML 1.2's core schema, so that `no`, `12:30` and `010` stay the texts that people meant. Three things are
refused, each with its line: a key given twice, a key that is neither text nor whole number, and an alias (`*name`) - without them every value
has exactly one line to point at, and a few lines cannot unfold into gigabytes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, cast

import yaml

from catalog.errors import ConfigError

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
"""What a document holds."""

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value from the top."""

MAX_BYTES = 16 * 1024 * 1024
"""Larger files are no configuration; a device file would never end."""
MAX_DEPTH = 60

_STRING = "tag:yaml.org,2002:str"
_KEYS = (_STRING, "tag:yaml.org,2002:int")
"""What a key may be; a number is taken as it is written, for error codes are keys too."""
# The core schema of YAML 1.2.2, section 10.3.2, without what other readers take for octal.
_SCALARS = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:(?:[0-9]*\.[0-9]+|[0-9]+\.)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.(?:inf|Inf))|\.(?:nan|NaN)",
    ),
)
# Line breaks to YAML 1.1 only; PyYAML folds them away unless they are escaped.
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document, and the line that each of its values came from."""

    file: str
    value: Value
    lines: Mapping[Place, int]

    def at(self, *place: str | int) -> str:
        """`file:line` of the value at *place*, or of the nearest one above it."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.file}:{self.lines.get(place, 1)}"

    def error(self, message: str, *place: str | int) -> ConfigError:
        """An error about the value at *place*."""
        return ConfigError(f"{self.at(*place)}: {message}")


def load(file: str | Path) -> Document:
    """The only document of *file*; an empty file holds None.

    Raises:
        ConfigError: the file cannot be read, is no YAML, or holds several documents.
    """
    documents = load_all(file)
    if len(documents) > 1:
        raise documents[1].error("a second document begins here; this file may hold only one")
    return documents[0] if documents else Document(str(file), None, {})


def load_all(file: str | Path) -> tuple[Document, ...]:
    """Every document of *file*, in its order.

    Raises:
        ConfigError: the file cannot be read or is no YAML.
    """
    return parse(_read(Path(file)), str(file))


def parse(text: str, file: str) -> tuple[Document, ...]:
    """Every document of *text*, which came from *file*.

    Raises:
        ConfigError: it is no YAML.
    """
    try:
        return tuple(_documents(text, file))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{file}:{line}: {_character(error)} is not allowed in YAML") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{file}:{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{file}: not valid YAML: {error}") from error


def dump(value: object) -> str:
    """*value* as YAML, the same text for equal values: keys sorted, nothing folded, no aliases."""
    text: str = yaml.dump(
        _native(value),
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        width=float("inf"),
    )
    return text


def _native(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _native(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_native(item) for item in value]
    return value


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise ConfigError(f"{file} is a folder; name the YAML file in it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{file} cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(
            f"{file} is larger than {MAX_BYTES >> 20} MiB, so it is no YAML file of ours"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: not a text in UTF-8: {error.reason}") from error


def _character(error: yaml.reader.ReaderError) -> str:
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return f"the character U+{code:04X}"


def _documents(text: str, file: str) -> Iterator[Document]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            lines: dict[Place, int] = {}
            yield Document(
                file, _plain(loader, cast(yaml.Node, loader.get_node()), (), lines), lines
            )
    finally:
        loader.dispose()


def _plain(loader: "_Loader", node: yaml.Node, place: Place, lines: dict[Place, int]) -> Value:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return {
            key: _plain(loader, value, (*place, key), lines)
            for key, value in _pairs(node, place, lines)
        }
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*place, i), lines) for i, item in enumerate(node.value)]
    return loader.scalar(node)


def _pairs(
    node: yaml.MappingNode, place: Place, lines: dict[Place, int]
) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value:
        if key.tag not in _KEYS:
            raise _problem(
                f"a key must be a text or a whole number; put {key.value!r} in quotes", key
            )
        if (*place, key.value) in lines:
            first = lines[*place, key.value]
            raise _problem(f"{key.value!r} is given twice, first on line {first}", key)
        lines[*place, key.value] = key.start_mark.line + 1
        yield key.value, value


def _problem(message: str, where: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=cast(yaml.Mark, where.start_mark))


class _Loader(yaml.SafeLoader):
    """Composes nodes without aliases, not too deep, with the core schema's tags and no others."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 - replaces the table of YAML 1.1, PyYAML's own way to configure

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML's stubs
        if isinstance(event, yaml.AliasEvent):
            raise _problem(
                f"aliases are not allowed; write the value of *{event.anchor} out", event
            )
        if self._depth == MAX_DEPTH:
            raise _problem(f"nested deeper than {MAX_DEPTH} levels", event)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def scalar(self, node: yaml.Node) -> Value:
        if node.tag not in _TAGS:
            raise _problem(f"the tag {node.tag} is not allowed", node)
        value: Value = self.construct_object(node)
        return value


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would read as something else than a text."""

    yaml_implicit_resolvers: Any = {  # noqa: RUF012 - a copy, since the parent's table is shared
        first: list(resolvers)
        for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's own signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar(_STRING, text, style=_style(text))


def _style(text: str) -> str | None:
    if _ODD_BREAKS.search(text):
        return '"'
    # Blocks only where nothing is lost on the way: PyYAML's emitter mistakes leading blanks in some.
    return "|" if "\n" in text and text == text.lstrip() else None


_TAGS = frozenset((_STRING, *(tag for tag, _ in _SCALARS)))
for _class in (_Loader, _Dumper):
    for _tag, _pattern in _SCALARS:
        _class.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})\\Z"), None)
_Dumper.add_representer(str, _text)
