"""Where an alert's annotations lead: its runbook, and a dashboard on the GPU or node that it is about, at its time.

Addresses are given as an operator writes them, with {alert}, {node}, {uuid} and {time} in them. A GPU's alert leads to a GPU's
dashboard, a node's to a node's; one that is about neither has none, and nobody is led to an address with a hole in it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from urllib.parse import urlsplit

from catalog.errors import ConfigError

RUNBOOK = "https://gpuvitals.dev/runbooks/{alert}"
GPU_DASHBOARD = "http://{node}:9400/gpus/{uuid}?range=1h&at={time}"
NODE_DASHBOARD = "http://{node}:9400/"
"""Our own page, where a node's name is an address."""
_HOLE = re.compile(r"\{(\w*)\}")
_TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "node": "{{ $labels.node | urlquery }}",
        "uuid": "{{ $labels.uuid | urlquery }}",
        "time": '{{ now | printf "%.0f" }}',
    }
)
_KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "runbook_url": ("alert",),
        "dashboard_url": ("alert", "node", "uuid", "time"),
        "node_dashboard_url": ("alert", "node", "time"),
    }
)
"""What may stand in each address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The addresses; an empty one is left out.

    Attributes:
        runbook_url: with `{alert}`, the name of the alert.
        dashboard_url: of a GPU, with `{node}`, `{uuid}` and `{time}`, seconds since 1970.
        node_dashboard_url: of a node.

    Raises:
        ConfigError: one is no address, or something else stands in braces.
    """

    runbook_url: str = RUNBOOK
    dashboard_url: str = GPU_DASHBOARD
    node_dashboard_url: str = NODE_DASHBOARD

    def __post_init__(self) -> None:
        for setting in fields(self):
            _check(setting.name, getattr(self, setting.name))

    def annotations(self, alert: str, labels: Collection[str]) -> Mapping[str, str]:
        """Those of the rule of *alert*, which has *labels*."""
        return dict(self._found(alert, labels))

    def _found(self, alert: str, labels: Collection[str]) -> Iterator[tuple[str, str]]:
        if self.runbook_url:
            yield "runbook_url", _filled(self.runbook_url, alert)
        dashboard = ""
        if "uuid" in labels:
            dashboard = self.dashboard_url
        elif "node" in labels:
            dashboard = self.node_dashboard_url
        if dashboard:
            yield "dashboard_url", _filled(dashboard, alert)


def _filled(address: str, alert: str) -> str:
    known = {**_TEMPLATES, "alert": alert}
    return _HOLE.sub(lambda found: known[found[1]], address)


def _check(name: str, address: str) -> None:
    if not address:
        return
    known = _KNOWN[name]
    if wrong := set(_HOLE.findall(address)) - set(known):
        raise ConfigError(f"{name}: {{{min(wrong)}}} is not known; there may be {_listed(known)}")
    rest = _HOLE.sub("x", address)
    if "{" in rest or "}" in rest:
        raise ConfigError(
            f"{name}: a brace of {address!r} is left over; there may be {_listed(known)}"
        )
    try:
        parts = urlsplit(rest)
    except ValueError as error:
        raise ConfigError(f"{name}: {address!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not address.isprintable():
        raise ConfigError(
            f"{name}: {address!r} is no address that begins with http:// or https://"
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
