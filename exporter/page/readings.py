"""Every current reading of one GPU, by subject, straight from the catalogue."""

from collections.abc import Iterator
from types import ModuleType

from catalog.metric import Metric, Unit
from exporter.page import instant, probe_table, words
from exporter.page.gpu_table import Fragments
from exporter.page.markup import Markup, tag
from exporter.page.quantity import shown
from exporter.page.vitals import Vitals

_FLAG = (0, 1)
_MANY = 20
"""A family of more series is one row per series that is not 0: of the Xids those that happened."""
_A_TIME = "_timestamp_seconds"


def readings(vitals: Vitals) -> Fragments:
    """One table per subject that this GPU can tell of."""
    drawn: Fragments = {}
    for title, subject in words.SUBJECTS:
        rows = list(_rows(vitals, subject))
        if rows:
            key = f"readings-{subject.__name__.rpartition('.')[2]}"
            drawn[key] = _table(title, rows, key)
    return drawn


def _table(title: str, rows: list[Markup], key: str) -> Markup:
    return tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", tag("th", "Reading", scope="col"), tag("th", "Now", scope="col"))),
        tag("tbody", rows),
        id=key,
        class_="readings",
    )


def _rows(vitals: Vitals, subject: ModuleType) -> Iterator[Markup]:
    families: dict[Metric, dict[tuple[str, ...], float]] = {}
    for (metric, labels), value in vitals.values.items():
        families.setdefault(metric, {})[labels] = value
    for metric in subject.FAMILIES:
        if metric.buckets or metric in probe_table.TOLD:
            continue  # how often, not what is now; or told in a table of its own
        for name, text in _texts(metric, families.get(metric, {})):
            yield tag("tr", tag("th", _named(metric, name), scope="row"), tag("td", text))


def _texts(metric: Metric, family: dict[tuple[str, ...], float]) -> Iterator[tuple[str, str]]:
    """Name and text of each row; a family of flags with one label is one row that names those that are set."""
    flags = metric.unit is Unit.NONE and metric.plausible == _FLAG
    if flags and len(metric.labels) == 1 and family:
        yield (
            "",
            ", ".join(words.plain(own[0]) for own, value in family.items() if value) or "none",
        )
        return
    if len(family) > _MANY:
        family = {labels: value for labels, value in family.items() if value}
        if not family:
            yield "", "none"
    for labels, value in family.items():
        name = ", ".join(words.plain(label) for label in labels if label)
        yield name, ("yes" if value else "no") if flags else _text(metric, value)


def _text(metric: Metric, value: float) -> str:
    if metric.name.endswith(_A_TIME):
        return instant.stamp(value)
    return shown(value, metric.unit)


def _named(metric: Metric, name: str) -> Markup:
    return tag(
        "details",
        tag("summary", words.title(metric), name and tag("span", f" {name}", class_="muted")),
        tag("p", metric.help, tag("code", metric.name)),
    )
