"""The ways in which Alertmanager reaches people. Secrets are always in files of their own.

https://prometheus.io/docs/alerting/latest/configuration/#receiver-integration-settings
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog.suggest import meant
from catalog.yamlfile import Document, Place

Option = str | int | bool
_FILE = "_file"
# Alertmanager's own text for Slack is empty: nobody would see what an alert means, nor its links.
_SLACK_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.description }}"
    "{{ with .Annotations.runbook_url }} <{{ . }}|Runbook>{{ end }}"
    "{{ with .Annotations.dashboard_url }} <{{ . }}|Dashboard>{{ end }}\n{{ end }}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of channel.

    Attributes:
        section: the key of a receiver that Alertmanager knows it by.
        needs: exactly one of each of these must be there.
        may: what else there may be.
        unless_given: options that Alertmanager leaves empty where we would not.
    """

    section: str
    needs: tuple[tuple[str, ...], ...]
    may: tuple[str, ...] = ()
    unless_given: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def known(self) -> tuple[str, ...]:
        """Every option."""
        return (*(name for names in self.needs for name in names), *self.may)


KINDS = {
    "webhook": Kind(section="webhook_configs", needs=(("url", "url_file"),), may=("max_alerts",)),
    "pagerduty": Kind(
        section="pagerduty_configs",
        needs=(("routing_key_file", "service_key_file"),),
        may=("url", "client", "severity"),
    ),
    "slack": Kind(
        section="slack_configs",
        needs=(("api_url_file",), ("channel",)),
        may=("username", "icon_emoji", "title", "text"),
        unless_given=MappingProxyType({"text": _SLACK_TEXT}),
    ),
    "email": Kind(
        section="email_configs",
        needs=(("to",), ("from",), ("smarthost",)),
        may=("auth_username", "auth_password_file", "require_tls", "hello"),
    ),
    "opsgenie": Kind(
        section="opsgenie_configs",
        needs=(("api_key_file",),),
        may=("api_url", "priority", "tags"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to reach somebody."""

    kind: Kind
    options: Mapping[str, Option]

    def config(self) -> dict[str, Option]:
        """As Alertmanager reads it; who was told of an alert is told of its end."""
        return {"send_resolved": True, **self.kind.unless_given, **self.options}


def webhook(url_file: str) -> Channel:
    """A webhook whose address is in a file."""
    return Channel(kind=KINDS["webhook"], options=MappingProxyType({"url_file": url_file}))


def read(document: Document, place: Place, name: str, value: object) -> tuple[Channel, ...]:
    """The channels of the kind *name*: one mapping of options, or a list of them.

    Raises:
        ConfigError: it is none that Alertmanager would take.
    """
    if name not in KINDS:
        hint = meant(name, KINDS, f"there are {', '.join(KINDS)}")
        raise document.error(f"there is no channel {name!r}; {hint}", *place)
    if isinstance(value, list):
        return tuple(_one(document, (*place, i), name, item) for i, item in enumerate(value))
    return (_one(document, place, name, value),)


def _one(document: Document, place: Place, name: str, value: object) -> Channel:
    kind = KINDS[name]
    if not isinstance(value, dict):
        raise document.error(
            f"{name} takes a mapping of options, such as {kind.known[-1]}", *place
        )
    for option, given in value.items():
        _check(document, (*place, option), kind, option)
        if not isinstance(given, Option):
            raise document.error(f"{option} must be a text", *place, option)
    for names in kind.needs:
        if len(value.keys() & set(names)) != 1:
            raise document.error(f"{name} needs {' or '.join(names)}", *place)
    return Channel(kind=kind, options=MappingProxyType(dict(value)))


def _check(document: Document, place: Place, kind: Kind, option: str) -> None:
    if option in kind.known:
        return
    if option + _FILE in kind.known:
        raise document.error(
            f"{option} is a secret; put it into a file of its own and name that with {option}{_FILE}",
            *place,
        )
    hint = meant(option, kind.known, f"known: {', '.join(kind.known)}")
    raise document.error(f"there is no option {option!r}; {hint}", *place)
