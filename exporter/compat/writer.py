"""Writes a snapshot as dcgm-exporter would: `gpu`, `UUID`, `pci_bus_id`, `device`, `modelName`, `Hostname`, the driver, the pod.

Label text is made once for each GPU and kept while its series stay what they are; a value costs a look-up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from catalog.metrics import mig, state
from catalog.snapshot import GpuView, Reading, Series, Snapshot, Tier
from exporter import holders
from exporter.compat.dialect import Dialect
from exporter.compat.fields import Field, Name, Term, Type, all_fields
from exporter.compat.special import SPECIAL, Found, LinkRates, Values
from exporter.exposition import Format, escape_help, escape_label, number

Pairs = tuple[tuple[str, str], ...]
"""Labels: names and values."""
_RATE = "nvlink_rate"
_WHOLE: Series = (state.UP, ())
"""Stands for what is about a whole GPU."""
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class _Line:
    """One series: where its text goes, what stands before its value, what is summed with which sign, and the scale."""

    name: str
    prefix: str
    series: tuple[tuple[Series, float], ...]
    scale: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is written of one GPU as long as its series and labels stay."""

    lines: tuple[_Line, ...]
    special: tuple[tuple[Field, Name, Pairs], ...]


class CompatWriter:
    """Writes the names of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._rates = LinkRates()
        self._plans: dict[str, tuple[object, _Plan]] = {}
        self._names = dict(_names(dialect))
        self._headers = {
            fmt: {
                name: _header(field, written, fmt)
                for name, (field, written) in self._names.items()
            }
            for fmt in Format
        }

    @property
    def names(self) -> frozenset[str]:
        """The families that may be written."""
        return frozenset(self._names)

    def render(self, snapshot: Snapshot, fmt: Format, wanted: frozenset[str] | None = None) -> str:
        """All that is known, without OpenMetrics' end mark; only the families called *wanted*, if given."""
        lines: dict[str, list[str]] = {name: [] for name in self._names}
        for gone in self._plans.keys() - snapshot.gpus.keys():
            del self._plans[gone]
        for view in snapshot.gpus.values():
            self._write(view, lines)
        headers = self._headers[fmt]
        return "".join(
            part
            for name, samples in lines.items()
            if samples and (wanted is None or name in wanted)
            for part in (headers[name], *samples)
        )

    def _write(self, view: GpuView, lines: dict[str, list[str]]) -> None:
        readings = tuple(view.current())
        values: dict[Series, float] = {}
        for reading in readings:
            values.update(zip(reading.layout.series, reading.values, strict=True))
        plan = self._plan(view, readings)
        for line in plan.lines:
            total = sum(sign * values[series] for series, sign in line.series)
            lines[line.name].append(f"{line.prefix}{_scaled(total, line.scale)}\n")
        for field, name, labels in plan.special:
            for more, value in self._special(field, view, values):
                text = _prefix(name.name, (*labels, *more))
                lines[name.name].append(f"{text}{_scaled(value, name.scale)}\n")

    def _special(self, field: Field, view: GpuView, values: Values) -> Iterable[Found]:
        if field.special == _RATE:
            return self._rates.rate(view, values)
        return SPECIAL[field.special](values)

    def _plan(self, view: GpuView, readings: tuple[Reading, ...]) -> _Plan:
        layouts = tuple(reading.layout for reading in readings)
        key = (view.identity, layouts)
        known, plan = self._plans.get(view.identity.uuid, (None, None))
        if plan is None or known != key:
            plan = self._made(view, tuple(one for layout in layouts for one in layout.series))
            self._plans[view.identity.uuid] = key, plan
        return plan

    def _made(self, view: GpuView, series: Sequence[Series]) -> _Plan:
        driver = self._driver(series)
        held = _holder(view, _WHOLE)
        instances = _instances(series)
        lines: list[_Line] = []
        special: list[tuple[Field, Name, Pairs]] = []
        for field, name in self._names.values():
            labels = (*_labels(view), *driver, *held)
            if field.special:
                special.append((field, name, labels))
            elif field.mig and instances:
                for instance in instances:
                    own = (*_labels(view, instance[1]), *driver, *_holder(view, instance))
                    lines.extend(_line(name, own, field.mig, _of(series, instance)))
            else:
                lines.extend(_line(name, labels, field.read, series))
        return _Plan(tuple(lines), tuple(special))

    def _driver(self, series: Iterable[Series]) -> Pairs:
        """The version of the driver under the names of the dialect."""
        place = state.INFO.labels.index("driver")
        version = next((labels[place] for metric, labels in series if metric is state.INFO), "")
        (field,) = (one for one in all_fields() if one.special and one.type is Type.LABEL)
        names = dict(_spellings(field, self._dialect))
        return tuple((name, version) for name in names)


def writer(compat: str) -> CompatWriter | None:
    """The one that the setting *compat* asks for, if it does."""
    dialect = Dialect(compat)
    return None if dialect is Dialect.OFF else CompatWriter(dialect)


def _names(dialect: Dialect) -> Iterator[tuple[str, tuple[Field, Name]]]:
    for field in all_fields():
        if not field.missing and field.type is not Type.LABEL:
            for name, written in _spellings(field, dialect):
                yield name, (field, written)


def _spellings(field: Field, dialect: Dialect) -> Iterator[tuple[str, Name]]:
    if dialect.legacy:
        yield field.legacy.name, field.legacy
    if dialect.current:
        yield field.current.name, field.current


def _header(field: Field, name: Name, fmt: Format) -> str:
    unit = f" ({name.unit})" if name.unit else ""
    text = escape_help(f"{field.what}{unit}.", fmt)
    # A counter of OpenMetrics ends in _total, which these names do not.
    kind = "unknown" if fmt is Format.OPENMETRICS and field.type is Type.COUNTER else field.type
    return f"# HELP {name.name} {text}\n# TYPE {name.name} {kind}\n"


def _labels(view: GpuView, instance: tuple[str, ...] = ()) -> Pairs:
    identity = view.identity
    mig_labels = (("GPU_I_PROFILE", instance[2]), ("GPU_I_ID", instance[0])) if instance else ()
    return (
        ("gpu", str(identity.index)),
        ("UUID", identity.uuid),
        ("pci_bus_id", identity.pci_bus_id),
        ("device", f"nvidia{identity.index}"),
        ("modelName", identity.model),
        *mig_labels,
        *((("Hostname", identity.node),) if identity.node else ()),
    )


def _holder(view: GpuView, series: Series) -> Pairs:
    """Who holds what *series* is about: `container`, `namespace`, `pod`, empty if not known, in dcgm-exporter's order."""
    allocated = view.readings.get(Tier.ALLOCATED)
    return tuple(sorted(holders.labels(allocated.layout, series))) if allocated else ()


def _instances(series: Iterable[Series]) -> tuple[Series, ...]:
    """Under MIG the series that stands for each GPU instance; of compute instances that share its memory that of the first."""
    found: dict[str, Series] = {}
    for metric, labels in series:
        if metric is mig.MEMORY_USED:
            found.setdefault(labels[0], (metric, labels))
    return tuple(found.values())


def _of(series: Iterable[Series], instance: Series) -> tuple[Series, ...]:
    """The series of the compute instance that stands for a GPU instance."""
    named = instance[0].labels
    return tuple(
        (metric, labels)
        for metric, labels in series
        if metric.labels[: len(named)] == named and labels[: len(named)] == instance[1]
    )


def _line(
    name: Name, labels: Pairs, terms: Iterable[Term], series: Sequence[Series]
) -> Iterator[_Line]:
    """The line, if there are series for each of its terms."""
    found = [(term, [one for one in series if term.takes(one)]) for term in terms]
    if all(taken for _, taken in found):
        summed = tuple((one, term.sign) for term, taken in found for one in taken)
        yield _Line(name.name, _prefix(name.name, labels), summed, name.scale)


def _prefix(name: str, labels: Pairs) -> str:
    pairs = ",".join(f'{label}="{escape_label(text)}"' for label, text in labels)
    return f"{name}{{{pairs}}} "


def _scaled(value: float, scale: float) -> str:
    return number(value if scale == 1 else round(value * scale, _DIGITS))
