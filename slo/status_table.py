"""How objectives stand, as text for a terminal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from slo.objective import Objective
from slo.status import GroupStatus, ObjectiveStatus
from slo.statuses import Standing

_SHOWN = ("1h", "6h", "3d")
"""Burn rates that have a column; JSON has all."""
_HEAD = (
    "objective", "state", "SLI", "target", "budget left", *(f"burn {window}" for window in _SHOWN),
    "spent in", "coverage", "from",
)  # fmt: skip
_NONE = "-"


def table(standing: Standing) -> str:
    """A line per group; those that cannot be told say why, below."""
    rows = [_HEAD, *(row for one in standing.objectives for row in _rows(one))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    at = datetime.fromtimestamp(standing.at, UTC)
    refused = (
        f"{one.objective.name}: {one.refused}" for one in standing.objectives if one.refused
    )
    changed = (
        f"{name(one.objective, group)}: without exclusions and corrections {group.measured.remaining:.1%} of the budget would be left"
        for one in standing.objectives
        for group in one.groups
        if group.measured and group.measured.remaining != group.remaining
    )
    return "\n".join((f"at {at:%Y-%m-%dT%H:%M:%SZ}", *lines, *refused, *changed))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, second, *numbers = row
    padded = (f"{cell:>{width}}" for cell, width in zip(numbers, widths[2:], strict=True))
    return "  ".join((f"{first:<{widths[0]}}", f"{second:<{widths[1]}}", *padded))


def _rows(status: ObjectiveStatus) -> Iterator[tuple[str, ...]]:
    if status.refused:
        yield status.objective.name, "unknown", *[_NONE] * (len(_HEAD) - 3), status.source
    elif not status.groups:
        yield status.objective.name, "no_data", *[_NONE] * (len(_HEAD) - 3), status.source
    for group in status.groups:
        yield _row(status.objective, group, status.source)


def _row(objective: Objective, group: GroupStatus, source: str) -> tuple[str, ...]:
    return (
        name(objective, group),
        group.state or _NONE,
        _NONE if group.sli is None else f"{group.sli:.4%}",
        f"{objective.target:.6g}",
        f"{group.remaining:.1%}",
        *(f"{group.burn_rates[window]:.3g}" for window in _SHOWN),
        _NONE if group.exhaustion_seconds is None else duration(group.exhaustion_seconds),
        f"{group.coverage:.1%}",
        source,
    )


def name(objective: Objective, group: GroupStatus) -> str:
    """The objective and its group, as a person writes it; a label that is not there is left out."""
    labels = ",".join(
        f"{label}={value}" for label, value in zip(objective.by, group.group, strict=True) if value
    )
    return f"{objective.name}{{{labels}}}" if labels else objective.name


def duration(seconds: float) -> str:
    """About how long, in one unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
