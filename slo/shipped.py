"""The objectives that come with us, to be copied out and pointed at somebody's service: documents in `slo/specs`.

A document refers to others by name. What is copied is what was asked for and what that refers to, comments included.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog import yamlfile
from catalog.errors import ConfigError
from catalog.suggest import meant

PLACE = Path(__file__).parent / "specs"
METRICS = tuple(sorted(folder.name for folder in (PLACE / "metrics").iterdir()))
"""Names of metrics that a service may have: one folder of indicators each."""
SERVICE_JOB = "my-service"
EXPORTER_JOB = "gpuvitals"
"""The scrape jobs as the documents have them."""

_BETWEEN = re.compile(r"^---\n", re.MULTILINE)
_EXAMPLE = ".example.yaml"
_REFERENCES = {
    "service": "Service",
    "indicatorRef": "SLI",
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
}
_ANNOTATION = "gpuvitals.dev/example"
_JOB = re.compile(r'[^"\\\n]+')


@dataclass(frozen=True, slots=True)
class Chunk:
    """One document as it is written.

    Attributes:
        place: the file that holds it; its copy has the same name.
    """

    place: Path
    text: str
    value: Any

    @property
    def key(self) -> tuple[str, str]:
        """Its kind and name."""
        return self.value["kind"], self.value["metadata"]["name"]


def descriptions() -> Mapping[str, str]:
    """What each objective promises, by its name."""
    return {
        chunk.key[1]: chunk.value["spec"]["description"]
        for chunk in _chunks(METRICS[0])
        if chunk.key[0] == "SLO"
    }


def files(
    names: Iterable[str], metrics: str, service: str = SERVICE_JOB, exporter: str = EXPORTER_JOB
) -> dict[str, str]:
    """The texts of the files that hold the objectives *names* (none is all) and all that they refer to.

    The scrape jobs are those of the *service*, whose metrics are called as one of `METRICS` says, and of our *exporter*.

    Raises:
        ConfigError: there is no such objective, or a job cannot be written in a selector.
    """
    known = {chunk.key: chunk for chunk in _chunks(metrics)}
    chosen = tuple(names) or tuple(descriptions())
    wanted = dict.fromkeys(key for name in chosen for key in _needed(("SLO", _named(name)), known))
    texts: dict[str, list[str]] = {}
    for chunk in known.values():
        if chunk.key in wanted:
            texts.setdefault(chunk.place.name, []).append(chunk.text)
            for example in _examples(chunk.value):
                beside = chunk.place.with_name(example)
                texts[example] = [beside.read_text(encoding="utf-8")]
    return {
        name: _pointed("---\n".join(found), service, exporter) for name, found in texts.items()
    }


def _chunks(metrics: str) -> Iterator[Chunk]:
    for place in (*sorted(PLACE.glob("*.yaml")), PLACE / "metrics" / metrics / "indicators.yaml"):
        if not place.name.endswith(_EXAMPLE):
            for text in _BETWEEN.split(place.read_text(encoding="utf-8")):
                (document,) = yamlfile.parse(text, place.name)
                yield Chunk(place, text, document.value)


def _named(name: str) -> str:
    known = descriptions()
    if name not in known:
        hint = meant(name, tuple(known), "gpuvitals slo specs lists all")
        raise ConfigError(f"there is no objective {name!r}; {hint}")
    return name


def _needed(
    key: tuple[str, str], known: Mapping[tuple[str, str], Chunk]
) -> Iterator[tuple[str, str]]:
    yield key
    for field, name in _texts(known[key].value):
        if field in _REFERENCES:
            yield from _needed((_REFERENCES[field], name), known)


def _examples(value: object) -> Iterator[str]:
    return (text for field, text in _texts(value) if field == _ANNOTATION)


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Every field with a text in it, however deep."""
    if isinstance(value, dict):
        for field, inner in value.items():
            if isinstance(inner, str):
                yield field, inner
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _pointed(text: str, service: str, exporter: str) -> str:
    for job in (service, exporter):
        if not _JOB.fullmatch(job):
            raise ConfigError(f"{job!r} is not the name of a scrape job")
    jobs = {SERVICE_JOB: service, EXPORTER_JOB: exporter}
    return re.sub(r'job="([^"]+)"', lambda found: f'job="{jobs.get(found[1], found[1])}"', text)
