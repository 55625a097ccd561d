"""What an SXid means, the error of an NVSwitch: `sxid.csv`.

Facts: NVIDIA's Fabric Manager user guide, its tables of fatal, always fatal and non-fatal errors; wording and actions are ours.
A switch belongs to no GPU, so `reset_gpu` is about those whose links it carries; `recovery` says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from catalog import csvfile
from catalog.xid.actions import Action, gravest

GUIDE = "https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide/"

_FILE = "sxid.csv"
_COLUMNS = ("code", "severity", "action", "name", "impact", "recovery")


class Fatality(StrEnum):
    """How much an error stops: nothing, a port, the switch."""

    NONFATAL = "nonfatal"
    FATAL = "fatal"
    ALWAYS_FATAL = "always_fatal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sxid:
    """One code."""

    code: int
    severity: Fatality
    action: Action
    name: str
    impact: str
    recovery: str


def explain(code: int) -> Sxid | None:
    """What *code* means, None if NVIDIA does not list it: then the log's own word, fatal or not, decides."""
    return catalogued().get(code)


def action(code: int, *, fatal: bool) -> Action:
    """What an SXid asks for; what the log calls fatal is not taken for less, whatever the table says."""
    known = explain(code)
    return gravest(
        (Action.RESET_GPU if fatal else Action.NONE, known.action if known else Action.NONE)
    )


def from_zero() -> tuple[tuple[int, Action], ...]:
    """The codes that page or ticket with their actions: counted from zero for each switch that is known."""
    return tuple(
        (known.code, known.action)
        for known in catalogued().values()
        if known.action.pages or known.action.tickets
    )


@cache
def catalogued() -> Mapping[int, Sxid]:
    """Every SXid that NVIDIA lists."""
    return csvfile.unique(
        _FILE, csvfile.load(__package__, _FILE, _COLUMNS, _row), lambda sxid: sxid.code
    )


def _row(cells: Mapping[str, str]) -> Sxid:
    return Sxid(
        code=int(cells["code"]),
        severity=Fatality(cells["severity"]),
        action=Action(cells["action"]),
        name=cells["name"],
        impact=cells["impact"],
        recovery=cells["recovery"],
    )
