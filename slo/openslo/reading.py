"""Turns one place of a YAML document into a structure; a complaint names file, line, path and what was expected."""

import re
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from catalog.errors import ConfigError
from catalog.suggest import meant
from catalog.yamlfile import Document, Place

T = TypeVar("T", bound=msgspec.Struct)

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")
_MISSING = re.compile(r"Object missing required field `(.+)`")


def read(document: Document, place: Place, kind: type[T]) -> T:
    """What is written at *place* as a *kind*.

    Raises:
        ConfigError: it is no such thing.
    """
    written: object = document.value
    for step in place:
        written = written[step]  # type: ignore[index] # the caller has been there
    try:
        return msgspec.convert(written, kind)
    except msgspec.ValidationError as error:
        raise _complaint(document, place, str(error), kind) from error


def path(place: Place) -> str:
    """How a person writes *place*: `spec.objectives[0].target`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".") or "the document"


def _complaint(
    document: Document, place: Place, message: str, kind: type[msgspec.Struct]
) -> ConfigError:
    what, _, where = message.partition(" - at `$")
    inner = tuple(_step(name, number) for name, number in _STEP.findall(where.rstrip("`")))
    whole = (*place, *inner)
    if unknown := _UNKNOWN.fullmatch(what):
        known = _fields(kind, inner)
        hint = meant(unknown[1], known, f"known are {', '.join(known)}")
        text = f"there is no field {unknown[1]!r} here; {hint}"
        return document.error(f"{path(whole)}: {text}", *whole, unknown[1])
    if missing := _MISSING.fullmatch(what):
        return document.error(f"{path(whole)}: the field {missing[1]!r} is missing", *whole)
    if what.startswith("Invalid enum value") and (choices := _choices(kind, inner)):
        what = f"{what}; expected one of {', '.join(choices)}"
    return document.error(f"{path(whole)}: {what[0].lower()}{what[1:]}", *whole)


def _step(name: str, number: str) -> str | int:
    return int(number) if number.isdigit() else name


def _fields(kind: type[msgspec.Struct], steps: Place) -> tuple[str, ...]:
    """The fields of the structure that *steps* lead to from a *kind*."""
    for step in steps:
        if isinstance(step, str):
            kind = _structure(_hint(kind, step)) or kind
    return kind.__struct_encode_fields__


def _choices(kind: type[msgspec.Struct], steps: Place) -> tuple[str, ...]:
    """What the texts at *steps* from a *kind* may be, if there are few."""
    *above, last = (step for step in steps if isinstance(step, str))
    for step in above:
        kind = _structure(_hint(kind, step)) or kind
    hint = _hint(kind, last)
    literal = next((one for one in (hint, *get_args(hint)) if get_origin(one) is Literal), None)
    return get_args(literal)


def _hint(kind: type[msgspec.Struct], step: str) -> object:
    own = kind.__struct_fields__[kind.__struct_encode_fields__.index(step)]
    return get_type_hints(kind)[own]


def _structure(hint: object) -> type[msgspec.Struct] | None:
    """The structure in `X`, `X | None` or `list[X]`."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next(filter(None, map(_structure, get_args(hint))), None)
