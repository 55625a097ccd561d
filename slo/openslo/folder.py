"""Reads a folder of OpenSLO documents; every fault in it is found at once, and any fault makes it useless as a whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog import yamlfile
from catalog.errors import ConfigError
from catalog.yamlfile import Document
from slo.openslo import shapes
from slo.openslo.annotations import FILES, PREFIX
from slo.openslo.reading import read
from slo.openslo.shapes import KINDS

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One document: where it is written, and what it holds."""

    document: Document
    shape: "shapes.Any"

    @property
    def name(self) -> str:
        return self.shape.metadata.name


class Folder:
    """The documents by kind and name.

    Attributes:
        faults: everything that is wrong so far, in the order of files and lines.
    """

    def __init__(self) -> None:
        self.faults: list[ConfigError] = []
        self._attachments: dict[Path, Document] = {}
        self._used: set[tuple[str, str]] = set()
        self._entries: dict[tuple[str, str], Entry] = {}

    @classmethod
    def load(cls, place: Path) -> "Folder":
        """Every YAML file in *place* and the folders below it, or the one file that it is.

        Raises:
            ConfigError: there is no such place, or no YAML file in it.
        """
        files = tuple(_files(place))
        if not files:
            raise ConfigError(f"{place}: there is no file that ends in .yaml or .yml")
        folder = cls()
        documents = tuple(document for file in files for document in folder.parsed(file))
        attached = {file for document in documents for file in _attached(document)}
        for document in documents:
            if Path(document.file).resolve() not in attached:
                folder.add(document)
        return folder

    def parsed(self, file: Path) -> tuple[Document, ...]:
        """The documents of *file*; none, and a fault, if it is no YAML."""
        try:
            found = yamlfile.load_all(file)
        except ConfigError as fault:
            self.faults.append(fault)
            return ()
        if all(document.value is None for document in found):
            # Whoever writes it is perhaps not done yet, and rules without its objectives would end their alerts.
            self.faults.append(ConfigError(f"{file}:1: the file is empty; fill or remove it"))
        return found

    def add(self, document: Document) -> None:
        """Take in one document."""
        try:
            self._add(document)
        except ConfigError as fault:
            self.faults.append(fault)

    def attachment(self, file: Path) -> Document:
        """What the *file* that an annotation names holds; it is read once.

        Raises:
            ConfigError: it cannot be read.
        """
        if file not in self._attachments:
            self._attachments[file] = yamlfile.load(file)
        return self._attachments[file]

    def of(self, kind: str) -> Iterator[Entry]:
        """All documents of one kind."""
        return (entry for (found, _), entry in self._entries.items() if found == kind)

    def find(self, kind: str, name: str) -> Entry | None:
        """The document of *kind* that is called *name*; it is needed from now on."""
        self._used.add((kind, name))
        return self._entries.get((kind, name))

    def used(self, kind: str, name: str) -> bool:
        """Whether anybody looked for that document."""
        return (kind, name) in self._used

    def names(self, kind: str) -> tuple[str, ...]:
        """What the documents of *kind* are called."""
        return tuple(name for found, name in self._entries if found == kind)

    def _add(self, document: Document) -> None:
        if document.value is None:
            return
        kind = _kind(document)
        entry = Entry(document, read(document, (), KINDS[kind]))
        first = self._entries.setdefault((kind, entry.name), entry)
        if first is not entry:
            where = first.document.at("metadata", "name")
            raise document.error(
                f"a second {kind} is called {entry.name!r}; the first is at {where}",
                "metadata",
                "name",
            )


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    if not place.is_dir():
        raise ConfigError(f"{place}: there is no such file or folder")
    yield from sorted(
        file for file in place.rglob("*") if file.suffix in SUFFIXES and file.is_file()
    )


def named(text: str, beside: Path) -> Iterator[Path]:
    """The files that *text* in an annotation of *beside* names, with commas between; all of a folder."""
    for name in filter(None, map(str.strip, text.split(","))):
        place = beside.parent / name
        yield from _files(place) if place.is_dir() else (place,)


def _attached(document: Document) -> Iterator[Path]:
    """The files that an annotation of *document* names: they are no OpenSLO documents, though they may lie among them."""
    for key, text in _fields(document.value):
        name = key.removeprefix(PREFIX)
        if name == key or not isinstance(text, str):
            continue
        if name in FILES or text.endswith(SUFFIXES):
            yield from (file.resolve() for file in named(text, Path(document.file)))


def _fields(value: object) -> Iterator[tuple[str, object]]:
    """All fields, however deep: the annotations of what is written inside an SLO too."""
    inner: Iterable[object] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield from value.items()
        inner = value.values()
    for one in inner:
        yield from _fields(one)


def _kind(document: Document) -> str:
    value = document.value
    if not isinstance(value, dict):
        raise document.error(
            "an OpenSLO document is a mapping with apiVersion, kind, metadata, spec"
        )
    if value.get("apiVersion") != shapes.API:
        raise document.error(
            f"apiVersion: expected {shapes.API!r}, got {value.get('apiVersion')!r}", "apiVersion"
        )
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise document.error(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}", "kind")
    return kind
