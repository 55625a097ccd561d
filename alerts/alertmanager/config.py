"""The whole configuration file.

https://prometheus.io/docs/alerting/latest/configuration/
"""

from collections.abc import Iterable, Iterator

from alerts.alertmanager import inhibition, routes
from alerts.alertmanager.settings import Audience, Settings
from alerts.policy import Policy, Severity
from catalog import yamlfile
from catalog.rules.files import GENERATED


def render(policies: Iterable[Policy], settings: Settings, command: str) -> str:
    """`alertmanager.yml`, the same for the same policies and settings."""
    intervals = [{"name": mute.name, "time_intervals": [mute.interval]} for mute in settings.mutes]
    document: dict[str, object] = {
        "route": routes.tree(settings).config(),
        "receivers": [_receiver(name, audience) for name, audience in _audiences(settings)],
        "inhibit_rules": inhibition.rules(policies),
        **({"time_intervals": intervals} if intervals else {}),
    }
    return GENERATED.format(command=command) + yamlfile.dump(document)


def _audiences(settings: Settings) -> Iterator[tuple[str, Audience]]:
    yield routes.NOBODY, ()
    yield Severity.PAGE.value, settings.page
    yield Severity.TICKET.value, settings.ticket
    yield "watchdog", settings.watchdog
    for team in settings.teams:
        for severity, own in ((Severity.PAGE, team.page), (Severity.TICKET, team.ticket)):
            if own is not None:
                yield routes.receiver(team, severity), own


def _receiver(name: str, audience: Audience) -> dict[str, object]:
    sections: dict[str, list[object]] = {}
    for one in audience:
        sections.setdefault(one.kind.section, []).append(one.config())
    return {"name": name, **sections}
