"""Writes the samples of the GPUs and their node in the Prometheus text formats.

prometheus_client needs 18 to 28 ms for 2,400 samples; joining label text made once per layout takes 1 ms.
Both are equal after parsing, which a property test holds.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from catalog import histogram
from catalog.metric import Kind, Metric, Scope, Unit
from catalog.metrics import ALL, state
from catalog.snapshot import (
    Exemplar,
    GpuView,
    Identity,
    Layout,
    Reading,
    Series,
    Snapshot,
    Tier,
)
from exporter.holders import labels as owner_labels

_END = "\n"
_NO_EXEMPLARS: Mapping[int, Exemplar] = MappingProxyType({})


class Format(StrEnum):
    """The formats that we write; the value is the media type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def escape_label(text: str) -> str:
    """*text* as the value of a label."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def escape_help(text: str, fmt: Format) -> str:
    """*text* as a help line; OpenMetrics escapes quotes too."""
    escaped = text.replace("\\", r"\\").replace("\n", r"\n")
    return escaped.replace('"', r"\"") if fmt is Format.OPENMETRICS else escaped


def number(value: float) -> str:
    """*value* in the shortest form that reads back the same."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


@functools.cache
def header(metric: Metric, fmt: Format) -> str:
    """The lines that open a family."""
    name = metric.name
    if fmt is Format.TEXT:
        return f"# HELP {name} {escape_help(metric.help, fmt)}\n# TYPE {name} {metric.kind}\n"
    if metric.kind is Kind.COUNTER:
        name = name.removesuffix("_total")
    unit = f"# UNIT {name} {metric.unit}\n" if metric.unit is not Unit.NONE else ""
    return f"# HELP {name} {escape_help(metric.help, fmt)}\n# TYPE {name} {metric.kind}\n{unit}"


_PLACES = {metric: place for place, metric in enumerate(ALL) if metric.scope is not Scope.EXPORTER}
_FAMILIES = tuple(_PLACES)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What lines are about: a GPU, and who holds it if each line says so; or the node."""

    identity: Identity | None = None
    holders: Layout | None = None


class _Family:
    """The lines of one family of one subject; their text is made anew only when one of them has changed."""

    __slots__ = ("_ends", "_places", "_prefixes", "_text", "_values", "metric")

    def __init__(self, metric: Metric, prefixes: tuple[str, ...], places: tuple[int, ...]) -> None:
        self.metric = metric
        self._prefixes = prefixes
        self._places = places
        self._values: list[float] = []
        self._ends = [_END] * len(places)
        self._text = ""

    def text(self, reading: Reading, *, exemplified: bool) -> str:
        read = reading.values
        values = [read[place] for place in self._places]
        ends = self._ends
        if self.metric.buckets:
            shown = reading.exemplars if exemplified else _NO_EXEMPLARS
            ends = [_exemplar(shown[place]) if place in shown else _END for place in self._places]
        if values != self._values or ends != self._ends:
            self._values, self._ends = values, ends
            lines = zip(self._prefixes, map(number, values), ends, strict=True)
            self._text = "".join(map("".join, lines))
        return self._text


class _Lines:
    """The lines of one layout of one GPU, or of the node, by family.

    Label text is made once, values when there is a new reading; a family is one text, since joining text is what costs.
    """

    def __init__(self, subject: _Subject, layout: Layout) -> None:
        found: dict[Metric, list[tuple[str, int]]] = {}
        for place, series in enumerate(layout.series):
            found.setdefault(series[0], []).append((_prefix(subject, series), place))
        self._families = tuple(
            _Family(metric, *zip(*placed, strict=True)) for metric, placed in found.items()
        )
        self._made: tuple[Reading, bool, list[tuple[Metric, str]]] | None = None

    def of(self, reading: Reading, fmt: Format) -> list[tuple[Metric, str]]:
        exemplified = bool(reading.exemplars) and fmt is Format.OPENMETRICS
        made = self._made
        if made is None or made[0] is not reading or made[1] is not exemplified:
            texts = [
                (family.metric, family.text(reading, exemplified=exemplified))
                for family in self._families
            ]
            made = self._made = (reading, exemplified, texts)
        return made[2]


class Exposition:
    """Renders snapshots; keeps between them what does not change.

    Args:
        families: those that there may be, in their order.
        owners: whether each series of a GPU says who holds it.
    """

    def __init__(self, families: tuple[Metric, ...] = _FAMILIES, *, owners: bool = False) -> None:
        self._families = families
        self._owners = owners
        self._known: dict[_Subject, dict[Layout, _Lines]] = {}
        self._before = self._known

    def render(
        self, snapshot: Snapshot, fmt: Format, wanted: Callable[[Metric], bool] = lambda _: True
    ) -> str:
        """All samples of *snapshot* in the families that are *wanted*, without OpenMetrics' end mark."""
        # What this snapshot does not have is forgotten: a program that comes and goes may make a layout each second.
        self._before, self._known = self._known, {}
        texts: dict[Metric, list[str]] = {metric: [] for metric in self._families}
        for view in snapshot.gpus.values():
            readings = (liveness(view), *view.current())
            self._write(self._subject(view), readings, texts, fmt)
        self._write(_NODE, snapshot.node.values(), texts, fmt)
        return "".join(
            part
            for metric, written in texts.items()
            if written and wanted(metric)
            for part in (header(metric, fmt), *written)
        )

    def _subject(self, view: GpuView) -> _Subject:
        if not self._owners:
            return _Subject(view.identity)
        held = view.readings.get(Tier.ALLOCATED)
        return _Subject(view.identity, _NOBODY if held is None else held.layout)

    def _write(
        self,
        subject: _Subject,
        readings: Iterable[Reading],
        texts: dict[Metric, list[str]],
        fmt: Format,
    ) -> None:
        before, known = self._before.get(subject, {}), self._known.setdefault(subject, {})
        for reading in readings:
            layout = reading.layout
            lines = known.get(layout) or before.get(layout) or _Lines(subject, layout)
            known[layout] = lines
            for metric, text in lines.of(reading, fmt):
                texts[metric].append(text)


_NOBODY = Layout(())
_NODE = _Subject()
_STATES = ((state.UP, ()), *((state.STATE, (name,)) for name in state.STATES))
_NEVER_READ = Layout(_STATES)
_READ = Layout((*_STATES, (state.LAST_READ, ())))


def liveness(view: GpuView) -> Reading:
    """What we say of the GPU, in the shape of a reading."""
    states = (float(view.readable), *(float(name == view.state) for name in state.STATES))
    if not view.last_read:
        return Reading(at=0.0, layout=_NEVER_READ, values=states)
    return Reading(at=view.last_read, layout=_READ, values=(*states, view.last_read))


def _prefix(subject: _Subject, series: Series) -> str:
    (metric, labels), identity = series, subject.identity
    own = dict(zip(metric.series_labels, labels, strict=True))
    name = _written(metric, own) if metric.buckets else metric.name
    whose = {"gpu": str(identity.index), "uuid": identity.uuid} if identity else {}
    owners = owner_labels(subject.holders, series) if subject.holders else ()
    pairs = {**whose, **own, **dict(owners)}
    text = ",".join(f'{label}="{escape_label(value)}"' for label, value in pairs.items())
    return f"{name}{{{text}}} " if text else f"{name} "


def _written(metric: Metric, own: dict[str, str]) -> str:
    """The name under which a part of a histogram is written; a bucket has its bound as a label."""
    part = own.pop("part")
    if part in (histogram.COUNT, histogram.SUM):
        return f"{metric.name}_{part}"
    own["le"] = part
    return f"{metric.name}_bucket"


def _exemplar(exemplar: Exemplar) -> str:
    """What follows the value of a bucket (OpenMetrics 1.0, Exemplars)."""
    trace = f'{{trace_id="{escape_label(exemplar.trace_id)}"}}'
    return f" # {trace} {number(exemplar.value)} {number(exemplar.at)}\n"
