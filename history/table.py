"""An answer as text: aligned columns for people, CSV and JSON lines for programs."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from history.question import Answer


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one line; `time` is the start of its step, seconds since 1970."""

    time: float
    metric: str
    labels: Mapping[str, str]
    value: float

    @property
    def moment(self) -> str:
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(metric: str, answer: Answer) -> Iterator[Row]:
    """The values of *answer*, line by line."""
    for line in answer:
        for time, value in zip(line.times, line.values, strict=True):
            yield Row(time, metric, line.labels, value)


def as_text(rows: Iterable[Row]) -> Iterator[str]:
    """A table; its columns are as wide as they must be."""
    found = tuple(rows)
    names = tuple(dict.fromkeys(name for row in found for name in row.labels))
    cells = [("TIME", *(name.upper() for name in names), "VALUE")]
    cells += [(row.moment, *_labels(row, names), f"{row.value:.10g}") for row in found]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for *front, value in cells:
        padded = [cell.ljust(width) for cell, width in zip(front, widths, strict=False)]
        yield "  ".join((*padded, value.rjust(widths[-1]))) + "\n"


def as_csv(rows: Iterable[Row], names: Sequence[str]) -> Iterator[str]:
    """A header, then one record per value with the labels *names*; numbers in full."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("time", "metric", *names, "value"))
    for row in rows:
        yield _drained(buffer)
        writer.writerow((row.moment, row.metric, *_labels(row, names), repr(row.value)))
    yield _drained(buffer)


def as_json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """One JSON object per value."""
    for row in rows:
        yield (
            json.dumps(
                {
                    "time": row.moment,
                    "metric": row.metric,
                    "labels": row.labels,
                    "value": row.value,
                }
            )
            + "\n"
        )


def _labels(row: Row, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(row.labels.get(name, "") for name in names)


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
