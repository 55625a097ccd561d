"""Turns what an operator wrote into a typed value; a complaint names the key, the value and the nearest right word."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar, get_args, get_type_hints

import msgspec

from catalog.errors import ConfigError
from catalog.suggest import meant
from catalog.yamlfile import Document

T = TypeVar("T", bound=msgspec.Struct)


class Mismatch(ConfigError):
    """What was written does not fit.

    Attributes:
        key: which of the mapping's keys is wrong; empty for the mapping itself.
    """

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


def typed(written: object, kind: type[T], *, also: Collection[str] = ()) -> T:
    """*written* as a *kind*; the keys in *also* may be there too and are ignored.

    Raises:
        Mismatch: it does not fit.
    """
    if not isinstance(written, Mapping):
        raise Mismatch(
            f"expected a mapping with {', '.join(kind.__struct_fields__)}, got {written!r}"
        )
    known = (*kind.__struct_fields__, *also)
    for key in written:
        if key not in known:
            raise Mismatch(str(_unknown(key, known, "key", "")), str(key))
    fields = {key: value for key, value in written.items() if key not in also}
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error), fields, kind) from error


def check_word(word: object, known: Collection[str], what: str, key: str = "") -> None:
    """Complain unless *word* is one of *known*.

    Raises:
        Mismatch: it is not; the message offers the nearest one.
    """
    if not (isinstance(word, str) and word in known):
        raise _unknown(word, known, what, key)


@contextmanager
def placed(document: Document, *place: str | int) -> Iterator[None]:
    """Say in which line of *document* a mismatch is."""
    try:
        yield
    except Mismatch as mismatch:
        where = (*place, mismatch.key) if mismatch.key else place
        raise document.error(str(mismatch), *where) from mismatch


def _unknown(word: object, known: Collection[str], what: str, key: str) -> Mismatch:
    hint = meant(str(word), known, f"use one of {', '.join(sorted(known))}")
    return Mismatch(f"{key}: unknown {what} {word!r}; {hint}".removeprefix(": "), key)


def _explained(message: str, fields: Mapping[str, object], kind: type[T]) -> Mismatch:
    missing = re.fullmatch(r"Object missing required field `(\w+)`", message)
    if missing:
        return Mismatch(f"the key {missing[1]!r} is missing")
    what, _, path = message.partition(" - at `$.")
    key = re.match(r"\w*", path)[0]  # type: ignore[index] # \w* matches anything
    value = fields.get(key)
    if what.startswith("Invalid enum value"):
        hint = get_type_hints(kind)[key]
        choices = get_args(hint) or tuple(hint)  # a Literal's words, or an enumeration's members
        return _unknown(value, [str(choice) for choice in choices], "value", key)
    expected = what.partition(", got")[0]
    return Mismatch(f"{key}: {expected[0].lower()}{expected[1:]}, got {value!r}", key)
