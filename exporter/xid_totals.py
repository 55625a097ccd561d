"""The counters of Xids and SXids: how many, and when the last one was; shown only after they were committed."""

from collections.abc import Collection, Iterable, Mapping

from catalog.metrics.events import PROBE_XIDS, SXID_ERRORS, SXID_LAST, XID_ERRORS, XID_LAST
from catalog.snapshot import Layout, Reading
from catalog.xid import counters, sxid
from catalog.xid.policy import Policy
from exporter.hub import NODE
from exporter.xids import Counted
from history.minute import Key

_TABLE = Policy()
_LAST = {XID_ERRORS: XID_LAST, SXID_ERRORS: SXID_LAST}
"""When the last one was, with the labels of its count: one code may ask for this today and for that tomorrow."""


class XidTotals:
    """The committed totals.

    Args:
        totals: what they start from; those of other counters are left alone.
    """

    def __init__(self, totals: Mapping[Key, float], policy: Policy = _TABLE) -> None:
        self._policy = policy
        ours = (*_LAST, *_LAST.values(), PROBE_XIDS)
        self.totals = {key: value for key, value in totals.items() if key.metric in ours}
        self._layouts: dict[str, Layout] = {}

    def welcome(self, uuid: str, model: str) -> None:
        """Begin at 0 what a GPU of this *model* can report and somebody has to act on."""
        self.totals.setdefault(Key(uuid, PROBE_XIDS), 0.0)
        for code, action in counters.from_zero(model, self._policy):
            self.totals.setdefault(Key(uuid, XID_ERRORS, (str(code), action.value)), 0.0)

    def overrule(self, policy: Policy) -> None:
        """Count under another policy from now on.

        What was counted under another action keeps its total and stands still; what never happened is forgotten, until the
        GPUs are welcomed again.
        """
        self._policy = policy
        for key in [
            key for key, value in self.totals.items() if key.metric is XID_ERRORS and not value
        ]:
            del self.totals[key]

    def welcome_switches(self, switches: Collection[str]) -> None:
        """Begin at 0 what NVSwitches at these PCI addresses can report and somebody has to act on."""
        for switch in sorted(switches):
            for code, action in sxid.from_zero():
                key = Key(NODE, SXID_ERRORS, (switch, str(code), action.value))
                self.totals.setdefault(key, 0.0)

    def after(self, counted: Iterable[Counted]) -> dict[Key, float]:
        """The totals that *counted* changes, as they will be."""
        changed: dict[Key, float] = {}
        for one in counted:
            if one.key is None:
                continue
            changed[one.key] = changed.get(one.key, self.totals.get(one.key, 0.0)) + 1
            if one.key.metric not in _LAST:
                continue
            last = Key(one.key.uuid, _LAST[one.key.metric], one.key.labels)
            before = changed.get(last, self.totals.get(last, 0.0))
            changed[last] = max(before, one.event.at)
        return changed

    def committed(self, changed: Mapping[Key, float]) -> None:
        """Show them."""
        self.totals.update(changed)

    def reading(self, uuid: str, at: float) -> Reading:
        """The totals of one GPU, or of the node."""
        keys = [key for key in self.totals if key.uuid == uuid]
        series = tuple((metric, labels) for _, metric, labels in keys)
        layout = self._layouts.get(uuid)
        if layout is None or layout.series != series:
            layout = self._layouts[uuid] = Layout(series)
        return Reading(at=at, layout=layout, values=tuple(self.totals[key] for key in keys))
