"""Exclusions and corrections of an objective, from the files that its annotations name."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from catalog.errors import ConfigError
from slo import cron, names
from slo.exclusion import Correction, Dates, Exclusion, Schedule
from slo.openslo.attached import entries, moment
from slo.openslo.folder import Folder, named
from slo.openslo.reading import path

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?")


class WrittenExclusion(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """One entry: dates from `start` to `end`, or a schedule that lasts `duration` each time, in force from `start` to `end`."""

    reason: str
    start: str = ""
    end: str = ""
    cron: str = ""
    duration: str = ""
    time_zone: str = ""
    where: dict[str, str] = {}
    author: str = ""


class WrittenCorrection(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """One entry: events that are added to a group, or taken from it."""

    at: str
    reason: str
    author: str
    total: float = 0
    bad: float = 0
    time_zone: str = ""
    where: dict[str, str] = {}


def exclusions(
    folder: Folder, text: str, by: tuple[str, ...], beside: Path
) -> Iterator[Exclusion]:
    """The entries of the files that *text* names.

    Args:
        folder: keeps what was read.
        text: the annotation.
        by: the labels that the objective groups by.
        beside: the file of the annotation.

    Raises:
        ConfigError: one of them is none.
    """
    for file in named(text, beside):
        for document, place, written in entries(folder, file, WrittenExclusion):
            try:
                yield _exclusion(written, by, document.at(*place))
            except ConfigError as wrong:
                raise document.error(f"{path(place)}: {wrong}", *place) from wrong


def corrections(
    folder: Folder, text: str, by: tuple[str, ...], beside: Path
) -> Iterator[Correction]:
    """The same for corrections."""
    for file in named(text, beside):
        for document, place, written in entries(folder, file, WrittenCorrection):
            try:
                yield _correction(written, by, document.at(*place))
            except ConfigError as wrong:
                raise document.error(f"{path(place)}: {wrong}", *place) from wrong


def _exclusion(written: WrittenExclusion, by: tuple[str, ...], source: str) -> Exclusion:
    if not written.reason.strip():
        raise ConfigError("say the reason")
    if unknown := written.where.keys() - {*by, names.SLO}:
        raise ConfigError(
            f"where: the objective does not group by {min(unknown)!r}; known are {', '.join((*by, names.SLO))}"
        )
    return Exclusion(
        reason=written.reason,
        when=_schedule(written) if written.cron else _dates(written),
        where=written.where,
        author=written.author,
        source=source,
    )


def _dates(written: WrittenExclusion) -> Dates:
    if written.duration:
        raise ConfigError("`duration` belongs to `cron`; give the `end`")
    if not written.start or not written.end:
        raise ConfigError("give `start` and `end`, or `cron` and `duration`")
    return Dates(
        start=moment(written.start, written.time_zone), end=moment(written.end, written.time_zone)
    )


def _schedule(written: WrittenExclusion) -> Schedule:
    if not written.time_zone:
        raise ConfigError("`cron` needs `timeZone`, such as Europe/Berlin or UTC")
    match = _DURATION.fullmatch(written.duration)
    if match is None or not written.duration:
        raise ConfigError(
            f"`cron` needs `duration`, such as 2h or 1h30m; got {written.duration!r}"
        )
    return Schedule(
        cron=cron.parse(written.cron),
        seconds=int(match[1] or 0) * 3600 + int(match[2] or 0) * 60,
        zone=written.time_zone,
        start=moment(written.start, written.time_zone) if written.start else None,
        end=moment(written.end, written.time_zone) if written.end else None,
    )


def _correction(written: WrittenCorrection, by: tuple[str, ...], source: str) -> Correction:
    if not written.reason.strip() or not written.author.strip():
        raise ConfigError("say the reason and the author")
    if not written.total and not written.bad:
        raise ConfigError("it changes nothing; give `total` or `bad`, below 0 to take events away")
    if written.where.keys() != set(by):
        raise ConfigError(
            f"where: expected the labels of one group, {', '.join(by)}"
            if by
            else "where: the objective has one group only, without labels"
        )
    return Correction(
        at=moment(written.at, written.time_zone),
        group=tuple(written.where[label] for label in by),
        total=written.total,
        bad=written.bad,
        reason=written.reason,
        author=written.author,
        source=source,
    )
