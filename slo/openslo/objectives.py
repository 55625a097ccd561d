"""From the SLO documents of a folder to objectives; references are followed, what cannot be kept is refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.errors import ConfigError
from catalog.yamlfile import Document, Place
from slo.example import Example
from slo.objective import Objective
from slo.openslo.annotations import PREFIX, Misread, settings
from slo.openslo.budget_policies import policy
from slo.openslo.examples import example
from slo.openslo.exclusions import corrections, exclusions
from slo.openslo.folder import Entry, Folder
from slo.openslo.indicators import IndicatorReader
from slo.openslo.members import members
from slo.openslo.policies import tiers
from slo.openslo.reading import path
from slo.openslo.shapes import (
    Indicator,
    IndicatorSpec,
    InlineIndicator,
    Metadata,
    ObjectiveSpec,
    Slo,
    metrics,
)
from slo.openslo.windows import window


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An objective, and where it is written."""

    objective: Objective
    document: Document
    place: Place

    def error(self, message: str, *place: str | int) -> ConfigError:
        """A complaint about it, or about another *place* of its document."""
        where = place or self.place
        return self.document.error(f"{path(where)}: {self.objective.name}: {message}", *where)


def objectives(folder: Folder) -> tuple[Objective, ...]:
    """Every objective of *folder*.

    Raises:
        ConfigError: anything in the folder is wrong: all faults, one per line.
    """
    return tuple(one.objective for one in placed(folder))


def placed(folder: Folder) -> tuple[Placed, ...]:
    """Every objective of *folder* with its place.

    Raises:
        ConfigError: anything in the folder is wrong: all faults, one per line.
    """
    found: dict[str, Placed] = {}
    for entry in folder.of("SLO"):
        try:
            for one in _Reader(folder, entry).objectives():
                first = found.setdefault(one.objective.name, one)
                if first is not one:
                    where = first.document.at(*first.place)
                    raise one.error(f"another objective has the same name, at {where}")
        except ConfigError as fault:
            folder.faults.append(fault)
    if folder.faults:
        raise ConfigError("\n".join(map(str, folder.faults)))
    return tuple(found.values())


class _Reader:
    """Reads one SLO document."""

    def __init__(self, folder: Folder, entry: Entry) -> None:
        assert isinstance(entry.shape, Slo)  # noqa: S101 - the folder sorts by kind
        self._folder = folder
        self._document = entry.document
        self._slo = entry.shape

    def objectives(self) -> Iterator[Placed]:
        spec = self._slo.spec
        if not spec.objectives:
            raise self._wrong("an SLO needs at least one objective", "spec", "objectives")
        self._refer("Service", spec.service, "spec", "service")
        own = self._settings()
        own["days"], own["calendar"] = window(self._document, spec)
        for number, written in enumerate(spec.objectives):
            place = ("spec", "objectives", number)
            objective = self._objective(written, place, own)
            yield Placed(objective=objective, document=self._document, place=place)

    def _objective(
        self, written: ObjectiveSpec, place: Place, own: Mapping[str, Any]
    ) -> Objective:
        if written.composite_weight is not None:
            raise self._wrong("composite SLOs are not supported; write one SLO per part", *place)
        spec, metadata, where, document = self._indicator(written, place)
        self._sources(spec, where, document)
        reader = IndicatorReader(document, where, own.get("by", ()))
        indicator = reader.read(spec, written, self._slo.spec.budgeting_method)
        name = self._name(written)
        excluded = (one.of(name) for one in own.get("exclusions", ()))
        own = {**own, "exclusions": tuple(one for one in excluded if one)}
        try:
            return Objective(
                name=name,
                service=self._slo.spec.service,
                indicator=indicator,
                target=self._target(written, place),
                example=self._example(metadata, document, where),
                **own,
            )
        except ConfigError as wrong:
            raise self._wrong(str(wrong), *place) from wrong

    def _name(self, written: ObjectiveSpec) -> str:
        """The SLO's name; with the objective's own if there are several."""
        name = self._slo.metadata.name
        if len(self._slo.spec.objectives) == 1:
            return name
        slug = re.sub(r"[^a-z0-9]+", "-", written.display_name.lower()).strip("-")
        return f"{name}-{slug or self._slo.spec.objectives.index(written)}"

    def _settings(self) -> dict[str, Any]:
        try:
            own = settings(self._slo.metadata.annotations)
        except Misread as wrong:
            raise self._misread(wrong.key, wrong) from wrong
        by, beside = own.get("by", ()), Path(self._document.file)
        parts = (*by, *own.get("silent_by", ()))
        for field, key, read in (
            ("members", "members", lambda text: members(text, parts, beside)),
            (
                "exclusions",
                "exclusions",
                lambda text: tuple(exclusions(self._folder, text, by, beside)),
            ),
            (
                "corrections",
                "corrections",
                lambda text: tuple(corrections(self._folder, text, by, beside)),
            ),
            ("policy", "error-budget-policy", lambda text: policy(self._folder, text, beside)),
        ):
            if field in own:
                try:
                    own[field] = read(own[field])
                except ConfigError as wrong:
                    raise self._misread(f"{PREFIX}{key}", wrong) from wrong
        if self._slo.spec.alert_policies:
            own["tiers"] = tiers(self._folder, self._document, self._slo.spec)
        return own

    def _misread(self, key: str, wrong: ConfigError) -> ConfigError:
        return self._document.error(
            f"metadata.annotations: annotation {key}: {wrong}", "metadata", "annotations", key
        )

    def _indicator(
        self, written: ObjectiveSpec, place: Place
    ) -> tuple[IndicatorSpec, Metadata, Place, Document]:
        """What is measured, whose that is, where it is written, and in which document."""
        spec = self._slo.spec
        choices: tuple[tuple[InlineIndicator | None, str, Place], ...] = (
            (written.indicator, written.indicator_ref, place),
            (spec.indicator, spec.indicator_ref, ("spec",)),
        )
        given = [choice for choice in choices if choice[0] or choice[1]]
        if len(given) != 1 or (given[0][0] and given[0][1]):
            raise self._wrong("give one of indicator and indicatorRef, once", *place)
        inline, reference, where = given[0]
        if inline:
            return inline.spec, inline.metadata, (*where, "indicator", "spec"), self._document
        entry = self._refer("SLI", reference, *where, "indicatorRef")
        assert isinstance(entry.shape, Indicator)  # noqa: S101 - the folder sorts by kind
        return entry.shape.spec, entry.shape.metadata, ("spec",), entry.document

    def _example(self, metadata: Metadata, document: Document, place: Place) -> Example | None:
        """The file of an indicator that cannot say itself what its series are."""
        above = (*place[:-1], "metadata", "annotations")
        found = None
        for key, text in metadata.annotations.items():
            if key.startswith(PREFIX) and key != f"{PREFIX}example":
                known = "an indicator has gpuvitals.dev/example only; put others into the SLO"
                raise document.error(f"{path(above)}: annotation {key}: {known}", *above, key)
            if key.startswith(PREFIX):
                try:
                    found = example(Path(document.file).parent / text)
                except ConfigError as wrong:
                    message = f"{path(above)}: annotation {key}: {wrong}"
                    raise document.error(message, *above, key) from wrong
        return found

    def _sources(self, spec: IndicatorSpec, where: Place, document: Document) -> None:
        """Every metricSourceRef leads to a DataSource."""
        for above, metric in metrics(spec):
            name, place = metric.metric_source.metric_source_ref, (*where, *above, "metricSource")
            if name and self._folder.find("DataSource", name) is None:
                known = ", ".join(self._folder.names("DataSource")) or "none"
                place = (*place, "metricSourceRef")
                text = f"there is no DataSource called {name!r}; known: {known}"
                raise document.error(f"{path(place)}: {text}", *place)

    def _target(self, written: ObjectiveSpec, place: Place) -> float:
        if (written.target is None) == (written.target_percent is None):
            raise self._wrong("give either target or targetPercent", *place)
        if written.target is not None:
            return written.target
        assert written.target_percent is not None  # noqa: S101 - one of the two is there
        return written.target_percent / 100

    def _refer(self, kind: str, name: str, *place: str | int) -> Entry:
        entry = self._folder.find(kind, name)
        if entry is None:
            known = ", ".join(self._folder.names(kind)) or "none"
            raise self._wrong(f"there is no {kind} called {name!r}; known: {known}", *place)
        return entry

    def _wrong(self, message: str, *place: str | int) -> ConfigError:
        return self._document.error(f"{path(place)}: {message}", *place)
