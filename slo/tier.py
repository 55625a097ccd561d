"""Speeds of burning that wake somebody (https://sre.google/workbook/alerting-on-slos/)."""

from dataclasses import dataclass
from typing import Protocol

_HOUR = 3600
SECONDS = {
    "5m": 300,
    "30m": 1800,
    "1h": _HOUR,
    "2h": 2 * _HOUR,
    "6h": 6 * _HOUR,
    "1d": 24 * _HOUR,
    "3d": 72 * _HOUR,
}
"""Every window that a burn rate is recorded for."""
QUICK = ("5m", "30m", "1h", "2h", "6h")
"""Windows that are evaluated at each evaluation; longer ones are sums of tiles."""
SLOW = ("1d", "3d")
OUTAGE = 0.9
"""A total outage must burn through this share of a long window at the latest to be noticed."""


class Budgeted(Protocol):
    """What has an error budget."""

    @property
    def budget(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One speed of burning.

    Attributes:
        long, short: the condition must hold in both; the short one ends the alert soon after the burning ends.
        factor: how many times faster than sustainable, before it is capped.
        lasting: how long the condition must hold before the alert fires; empty is at once.
    """

    name: str
    severity: str
    long: str
    short: str
    factor: float
    lasting: str = ""

    def capped(self, objective: Budgeted) -> float:
        """The factor that a total outage can reach: at a low target the table's own never could."""
        return min(self.factor, OUTAGE / objective.budget)


# https://sre.google/workbook/alerting-on-slos/#recommended_parameters_for_an_slo_based_a
TIERS = (
    Tier(name="page_fast", severity="page", long="1h", short="5m", factor=14.4),
    Tier(name="page_slow", severity="page", long="6h", short="30m", factor=6),
    Tier(name="ticket_fast", severity="ticket", long="1d", short="2h", factor=3),
    Tier(name="ticket_slow", severity="ticket", long="3d", short="6h", factor=1),
)
SHORT = {
    "5m": "5m",
    "30m": "5m",
    "1h": "5m",
    "2h": "5m",
    "6h": "30m",
    "1d": "2h",
    "3d": "6h",
}
"""The short window that goes with a long one: about a twelfth of it."""
