"""dcgm-exporter's fields and what of ours supplies them: `fields.csv`.

Names, types and what is on by default: its default-counters.csv, and the renames of its version 4.9; wording is ours.
`read` is the sum of selections such as `gpu_clock_hertz{clock=sm}`, or the name of a function of `exporter.compat.special`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from catalog import csvfile
from catalog.metric import Metric
from catalog.metrics import BY_NAME
from catalog.snapshot import Series

_FILE = "fields.csv"
_COLUMNS = (
    "field",
    "current",
    "type",
    "listed",
    "what",
    "unit",
    "scale",
    "current_unit",
    "current_scale",
    "read",
    "mig",
    "missing",
)
_TERM = re.compile(r"([+-]?)([a-z0-9_]+)(?:\{([a-z_]+)=([a-z0-9_]+)\})?")


class Type(StrEnum):
    """What dcgm-exporter takes a field for; a label is one of every series."""

    GAUGE = "gauge"
    COUNTER = "counter"
    LABEL = "label"


class Listed(StrEnum):
    """Whether dcgm-exporter has the field in its default list, and there switched on."""

    ON = "on"
    OFF = "off"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One of the names of a field.

    Attributes:
        unit: as its help says it; empty if it counts.
        scale: of its unit in one of ours.
    """

    name: str
    unit: str
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Series that are summed: *metric* where *label* is *value*, all of it without a label."""

    metric: Metric
    label: str
    value: str
    sign: float

    def takes(self, series: Series) -> bool:
        metric, labels = series
        if metric is not self.metric:
            return False
        return not self.label or labels[metric.labels.index(self.label)] == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.

    Attributes:
        legacy, current: its names up to 4.8 and since; the same object if nothing changed.
        read: what is summed; empty if it is special or missing.
        special: which function computes it; empty if none does.
        mig: the same of an instance of MIG; then the whole GPU's is not shown beside it.
        missing: why we do not supply it; empty if we do.
    """

    legacy: Name
    current: Name
    type: Type
    listed: Listed
    what: str
    read: tuple[Term, ...]
    special: str
    mig: tuple[Term, ...]
    missing: str


@cache
def all_fields() -> tuple[Field, ...]:
    """Every field, in the order in which they are written."""
    return csvfile.load(__package__, _FILE, _COLUMNS, _row)


def _row(cells: Mapping[str, str]) -> Field:
    legacy = Name(name=cells["field"], unit=cells["unit"], scale=float(cells["scale"] or 1))
    current = legacy
    if cells["current"]:
        scale = float(cells["current_scale"] or 1)
        current = Name(name=cells["current"], unit=cells["current_unit"], scale=scale)
    special = cells["read"].removeprefix("@") if cells["read"].startswith("@") else ""
    if bool(cells["read"]) == bool(cells["missing"]):
        raise ValueError(f"{legacy.name} must be read or missing")
    return Field(
        legacy=legacy,
        current=current,
        type=Type(cells["type"]),
        listed=Listed(cells["listed"]),
        what=cells["what"],
        read=() if special else tuple(_terms(cells["read"])),
        special=special,
        mig=tuple(_terms(cells["mig"])),
        missing=cells["missing"],
    )


def _terms(text: str) -> Iterator[Term]:
    if "".join(found[0] for found in _TERM.finditer(text)) != text:
        raise ValueError(f"{text!r} is no sum of selections")
    for sign, name, label, value in _TERM.findall(text):
        if name not in BY_NAME or (label and label not in BY_NAME[name].labels):
            raise ValueError(f"{text!r} selects nothing that the catalogue has")
        yield Term(
            metric=BY_NAME[name], label=label, value=value, sign=-1.0 if sign == "-" else 1.0
        )
