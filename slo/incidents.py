"""What is known to have gone wrong: a list of times, and how well pages tell of them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from catalog.errors import ConfigError, HistoryError
from history.when import point
from slo.objective import TILE, Objective
from slo.replay import Page
from slo.tier import SECONDS

_COLUMNS = ("start", "end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One.

    Attributes:
        labels: of the groups that it is about; none is all.
    """

    start: float
    end: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How pages and incidents fit.

    Attributes:
        detected: per incident, the seconds from its start to the first page; None if there was none.
        precision: share of the pages that an incident explains; None without pages.
        recall: share of the incidents that were paged; None without incidents.
    """

    incidents: tuple[Incident, ...]
    detected: tuple[float | None, ...]
    precision: float | None
    recall: float | None

    @property
    def median_seconds(self) -> float | None:
        """Half of the incidents that were paged were paged sooner."""
        known = [one for one in self.detected if one is not None]
        return median(known) if known else None


def read(file: Path) -> tuple[Incident, ...]:
    """The incidents that *file* lists: a line each, with start, end and, if wanted, columns called as labels.

    Raises:
        ConfigError: it is no such list; the message says which line.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return tuple(_incidents(csv.DictReader(lines, strict=True), file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{file}: {error}") from error


def _incidents(rows: "csv.DictReader[str]", file: Path) -> Iterator[Incident]:
    if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
        raise ConfigError(
            f"{file}:1: there is no column {missing[0]!r}; the first line must be start,end, and labels if wanted"
        )
    for row in rows:
        where = f"{file}:{rows.line_num}"
        start, end = (_time(row[name], f"{where}: {name}") for name in _COLUMNS)
        if end <= start:
            raise ConfigError(f"{where}: the end {row['end']} is not after the start")
        labels = {name: text for name, text in row.items() if name not in _COLUMNS and text}
        yield Incident(start=start, end=end, labels=labels)


def _time(text: str | None, where: str) -> float:
    try:
        return point((text or "").strip(), 0.0)
    except HistoryError as error:
        raise ConfigError(f"{where}: {error}") from error


def score(objective: Objective, pages: Sequence[Page], incidents: Sequence[Incident]) -> Score:
    """How *pages* and *incidents* fit.

    Raises:
        ConfigError: an incident has a label that the objective does not group by.
    """
    for incident in incidents:
        if unknown := incident.labels.keys() - set(objective.by):
            raise ConfigError(
                f"{objective.name}: incidents have the column {min(unknown)!r}, but groups have "
                f"{', '.join(objective.by) or 'no labels'}"
            )
    fits = [[_fits(objective, page, one) for page in pages] for one in incidents]
    detected = tuple(
        min(
            (
                max(page.began - one.start, 0.0)
                for page, fit in zip(pages, row, strict=True)
                if fit
            ),
            default=None,
        )
        for one, row in zip(incidents, fits, strict=True)
    )
    explained = sum(map(any, zip(*fits, strict=True))) if incidents else 0
    return Score(
        incidents=tuple(incidents),
        detected=detected,
        precision=explained / len(pages) if pages else None,
        recall=sum(one is not None for one in detected) / len(incidents) if incidents else None,
    )


def _fits(objective: Objective, page: Page, incident: Incident) -> bool:
    """A page is of an incident if it overlaps it; it may begin as long after the end as its short window reaches back."""
    labels = dict(zip(objective.by, page.group, strict=True))
    if any(labels[name] != value for name, value in incident.labels.items()):
        return False
    late = max(SECONDS[tier.short] for tier in page.tiers) + TILE
    return page.began <= incident.end + late and (
        page.ended is None or page.ended >= incident.start
    )
