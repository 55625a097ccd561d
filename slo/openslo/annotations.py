"""Our own settings of an SLO: annotations that begin with `gpuvitals.dev/`, each a text."""

from collections.abc import Callable, Mapping
from typing import Any

from catalog.errors import ConfigError
from slo.objective import OnSilence, SilentBudget

PREFIX = "gpuvitals.dev/"
FILES = ("members", "exclusions", "corrections", "error-budget-policy")
"""Those that name files, or may."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _count(text: str) -> float:
    value = float(text)
    if value < 0:
        raise ValueError(text)
    return value


# Annotation -> the field of an Objective, how its text is read, and what a person is told that it must be.
_SETTINGS: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    "corrections": ("corrections", str, "a file, or a folder of them"),
    "error-budget-policy": ("policy", str, "a file"),
    "exclusions": ("exclusions", str, "a file, or a folder of them"),
    "group-by": ("by", _names, "labels, such as cluster,node"),
    "members": ("members", str, "values of the label, or a file"),
    "minimum-events": ("least_events", _count, "a number, 0 or more"),
    "no-data-alert": ("on_silence", OnSilence, "page, ticket or none"),
    "no-data-budget": ("silent_budget", SilentBudget, "bad or exclude"),
    "owner": ("owner", str, "a name"),
    "silence-by": ("silent_by", _names, "labels, such as node"),
}


def settings(annotations: Mapping[str, str]) -> dict[str, Any]:
    """The fields of an `Objective` that *annotations* set.

    Raises:
        Misread: one of ours is unknown or cannot be read.
    """
    return {
        field: value
        for key, text in annotations.items()
        if key.startswith(PREFIX)
        for field, value in (_setting(key, text),)
    }


class Misread(ConfigError):
    """An annotation that cannot be read.

    Attributes:
        key: which one.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _setting(key: str, text: str) -> tuple[str, Any]:
    name = key.removeprefix(PREFIX)
    if name not in _SETTINGS:
        raise Misread(key, f"there is no such setting; known are {', '.join(_SETTINGS)}")
    field, read, wanted = _SETTINGS[name]
    try:
        return field, read(text)
    except ValueError:
        raise Misread(key, f"expected {wanted}, got {text!r}") from None
