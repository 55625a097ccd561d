"""Who is to be told: the small file that an operator writes, from which Alertmanager's configuration is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from alerts.alertmanager import channel
from alerts.alertmanager.channel import Channel
from alerts.policy import Severity
from catalog.suggest import meant
from catalog.yamlfile import Document, Place, Value

Audience = tuple[Channel, ...]
"""All the channels by which somebody is told at once."""

SECRETS = "/etc/alertmanager/secrets"
_TOLD = (Severity.PAGE.value, Severity.TICKET.value)
_TIMES = ("times", "weekdays", "days_of_month", "months", "years", "location")


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """People who own namespaces, or whose alerts carry their `team` label.

    Attributes:
        page, ticket: None if the team has none of its own, and those of everyone serve.
    """

    name: str
    namespaces: tuple[str, ...] = ()
    page: Audience | None = None
    ticket: Audience | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Times at which nobody is told of alerts of these severities.

    Attributes:
        interval: as Alertmanager writes a time interval.
    """

    name: str
    severities: tuple[str, ...]
    interval: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everyone.

    Attributes:
        watchdog: who notices when the alert that always fires does not arrive any more.
    """

    page: Audience = (channel.webhook(f"{SECRETS}/page-url"),)
    ticket: Audience = (channel.webhook(f"{SECRETS}/ticket-url"),)
    watchdog: Audience = (channel.webhook(f"{SECRETS}/watchdog-url"),)
    teams: tuple[Team, ...] = ()
    mutes: tuple[Mute, ...] = ()

    def muted(self, severity: Severity) -> tuple[str, ...]:
        """The names of the times at which alerts of *severity* are not told."""
        return tuple(mute.name for mute in self.mutes if severity.value in mute.severities)


@dataclass(slots=True)
class _Reader:
    """Reads one document; each complaint names its line."""

    document: Document
    names: set[str] = field(default_factory=set)

    def mapping(self, value: Value, known: tuple[str, ...], *place: str | int) -> dict[str, Value]:
        if not isinstance(value, dict):
            raise self.document.error(f"a mapping of {', '.join(known)} is expected", *place)
        for key in value:
            if key not in known:
                hint = meant(key, known, f"known: {', '.join(known)}")
                raise self.document.error(f"there is no {key!r} here; {hint}", *place, key)
        return value

    def texts(self, value: Value, *place: str | int) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.document.error("a list of texts is expected", *place)
        return tuple(map(str, value))

    def audience(self, value: Value, *place: str | int) -> Audience:
        if not isinstance(value, dict) or not value:
            raise self.document.error(
                f"name a channel: {', '.join(channel.KINDS)}, each with its options", *place
            )
        return tuple(
            one
            for name, options in value.items()
            for one in channel.read(self.document, (*place, name), name, options)
        )

    def team(self, name: str, value: Value) -> Team:
        place: Place = ("teams", name)
        given = self.mapping(value, ("namespaces", *_TOLD), *place)
        told = {key: self.audience(given[key], *place, key) for key in _TOLD if key in given}
        if not told:
            raise self.document.error(f"say how {name} is told: page, ticket or both", *place)
        namespaces = self.texts(given.get("namespaces", []), *place, "namespaces")
        for namespace in namespaces:
            if namespace in self.names:
                raise self.document.error(
                    f"the namespace {namespace} has another team", *place, "namespaces"
                )
        self.names.update(namespaces)
        return Team(name=name, namespaces=namespaces, **told)

    def mute(self, name: str, value: Value) -> Mute:
        place: Place = ("mute", name)
        given = self.mapping(value, ("severities", *_TIMES), *place)
        severities = self.texts(given.get("severities", []), *place, "severities")
        if not severities or set(severities) - set(_TOLD):
            raise self.document.error(
                f"severities must be a list of {' and '.join(_TOLD)}", *place, "severities"
            )
        interval = {key: given[key] for key in _TIMES if key in given}
        if not interval:
            raise self.document.error(f"say when: {', '.join(_TIMES)}", *place)
        return Mute(name=name, severities=severities, interval=MappingProxyType(interval))


def read(document: Document) -> Settings:
    """The settings in *document*; who is not named is reached by a webhook whose address is in a file.

    Raises:
        ConfigError: something in it is not understood.
    """
    if document.value is None:
        return Settings()
    reader = _Reader(document)
    audiences = ("page", "ticket", "watchdog")
    given = reader.mapping(document.value, (*audiences, "teams", "mute"))
    told = {name: reader.audience(given[name], name) for name in audiences if name in given}
    teams, mutes = given.get("teams", {}), given.get("mute", {})
    for name, value in (("teams", teams), ("mute", mutes)):
        if not isinstance(value, dict):
            raise document.error("a mapping by name is expected", name)
    return Settings(
        **told,
        teams=tuple(reader.team(name, value) for name, value in _items(teams)),
        mutes=tuple(reader.mute(name, value) for name, value in _items(mutes)),
    )


def _items(value: Value) -> tuple[tuple[str, Value], ...]:
    return tuple(value.items()) if isinstance(value, dict) else ()
