"""Who is told of which alert, and which alerts are one notification."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from alerts.alertmanager.settings import Settings, Team
from alerts.policy import Scope, Severity

CLUSTER = "cluster"
"""The label by which Prometheus servers of several clusters tell their alerts apart; it may be missing."""
WATCHDOG = "Watchdog"
NOBODY = "nobody"
_OF_A_GPU = f"{Scope.GPU}|{Scope.LINK}|{Scope.JOB}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A node of the tree. What is empty is as in the node above."""

    receiver: str
    matchers: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_wait: str = ""
    group_interval: str = ""
    repeat_interval: str = ""
    mute_time_intervals: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()

    def config(self) -> dict[str, object]:
        """As Alertmanager reads it."""
        parts = {
            "matchers": self.matchers,
            "group_by": self.group_by,
            "group_wait": self.group_wait,
            "group_interval": self.group_interval,
            "repeat_interval": self.repeat_interval,
            "mute_time_intervals": self.mute_time_intervals,
            "routes": tuple(route.config() for route in self.routes),
        }
        return {"receiver": self.receiver, **{key: part for key, part in parts.items() if part}}


# One GPU in trouble is told at once. What takes a node away takes its neighbours in the rack too, within seconds: one
# notification tells of them all.
_GPU_PAGE = Route(
    receiver=Severity.PAGE.value,
    matchers=(f'severity="{Severity.PAGE}"', f'scope=~"{_OF_A_GPU}"'),
    group_by=(CLUSTER, "node", "uuid", "alertname"),
    group_wait="0s",
    group_interval="30s",
    repeat_interval="4h",
)
_NODE_PAGE = Route(
    receiver=Severity.PAGE.value,
    matchers=(f'severity="{Severity.PAGE}"',),
    group_by=(CLUSTER, "alertname"),
    group_wait="30s",
    group_interval="5m",
    repeat_interval="4h",
)
_TICKET = Route(
    receiver=Severity.TICKET.value,
    matchers=(f'severity="{Severity.TICKET}"',),
    group_by=(CLUSTER, "alertname", "namespace"),
    group_wait="5m",
    group_interval="1h",
    repeat_interval="3d",
)


def tree(settings: Settings) -> Route:
    """The whole tree."""
    told = (_GPU_PAGE, _NODE_PAGE, _TICKET)
    return Route(
        receiver=Severity.TICKET.value,
        group_by=(CLUSTER, "alertname"),
        group_wait="30s",
        group_interval="5m",
        repeat_interval="12h",
        routes=(_watchdog(), _silent(), *(_with_teams(route, settings) for route in told)),
    )


def receiver(team: Team, severity: Severity) -> str:
    """The name of the receiver of a team."""
    return f"{severity}-{team.name}"


def _watchdog() -> Route:
    """Tells every minute or so that alerts arrive; who does not hear of it raises the alarm."""
    return Route(
        receiver="watchdog",
        matchers=(f'alertname="{WATCHDOG}"',),
        group_wait="0s",
        group_interval="50s",
        repeat_interval="1m",
    )


def _silent() -> Route:
    """Alerts that only explain others."""
    return Route(receiver=NOBODY, matchers=(f'severity="{Severity.INFO}"',))


def _with_teams(route: Route, settings: Settings) -> Route:
    severity = Severity(route.receiver)
    muted = settings.muted(severity)
    teams = tuple(one for team in settings.teams for one in _of_team(team, severity, muted))
    return replace(route, mute_time_intervals=muted, routes=teams)


def _of_team(team: Team, severity: Severity, muted: tuple[str, ...]) -> Iterator[Route]:
    """What a team is told: what says that it is theirs, and tickets about their namespaces."""
    own = {Severity.PAGE: team.page, Severity.TICKET: team.ticket}[severity]
    if own is None:
        return
    name = receiver(team, severity)
    yield Route(receiver=name, matchers=(f'team="{team.name}"',), mute_time_intervals=muted)
    if team.namespaces and severity is Severity.TICKET:
        theirs = f'namespace=~"{"|".join(team.namespaces)}"'
        yield Route(receiver=name, matchers=(theirs,), mute_time_intervals=muted)
