"""Counts Xids per GPU, by code and by what they ask for; codes that page or ticket are there at 0 from the start."""

from collections.abc import Mapping
from dataclasses import replace

from catalog.event import Event
from catalog.metrics.events import FAMILIES, XID_ERRORS, XID_LAST
from catalog.snapshot import Identity, Layout, Reading
from catalog.xid import counters, lookup, record
from catalog.xid.actions import Action
from history.minute import Key


class XidCounts:
    """The counts and the times of the last of each.

    Attributes:
        totals: by series; a store keeps them over a restart.
    """

    def __init__(self, totals: Mapping[Key, float]) -> None:
        self.totals: dict[Key, float] = {
            Key(*key): value for key, value in totals.items() if key.metric in FAMILIES
        }

    def found(self, identity: Identity) -> None:
        """Begin at 0 for every code that a GPU of this model can report and that somebody must act on."""
        for code, action in counters.from_zero(identity.model):
            self.totals.setdefault(_count(identity.uuid, code, action), 0.0)

    def count(self, event: Event) -> Event:
        """Count *event*, an Xid; the event with its meaning and severity."""
        code = event.code or 0
        action = record.action(code, event.message)
        key = _count(event.uuid, code, action)
        self.totals[key] = self.totals.get(key, 0.0) + 1
        self.totals[Key(event.uuid, XID_LAST, (str(code),))] = event.at
        meaning = lookup.explain(code).description
        return replace(
            event,
            severity=action.severity,
            message=f"{event.message}: {meaning}; action {action.value}",
        )

    def reading(self, uuid: str, at: float) -> Reading:
        """All series of one GPU."""
        found = {key: value for key, value in self.totals.items() if key.uuid == uuid}
        series = tuple((key.metric, key.labels) for key in found)
        return Reading(at=at, layout=Layout(series), values=tuple(found.values()))


def _count(uuid: str, code: int, action: Action) -> Key:
    return Key(uuid, XID_ERRORS, (str(code), action.value))
