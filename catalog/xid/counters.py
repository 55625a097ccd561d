"""Which pairs of Xid and action are counted from zero, so that Prometheus sees the first one too."""

import re

from catalog.xid.actions import Action
from catalog.xid.lookup import Xid, catalogued
from catalog.xid.policy import Policy

_TABLE = Policy()
_GENERATIONS = {"A": "A100", "H": "H100", "GH": "H100", "B": "B100", "GB": "GB200"}
_MODEL = re.compile(r"\b(GB|GH|A|B|H)\d{3}\b")


def from_zero(model: str, policy: Policy = _TABLE) -> tuple[tuple[int, Action], ...]:
    """The pairs that page or ticket and that a GPU of this *model* can report; of an unknown model, all.

    What the operator gives an action to can be reported, whatever the catalogue says.
    """
    product = _product(model)
    codes = {xid.code for xid in catalogued().values() if _reports(xid, product)}
    return tuple(
        (code, action)
        for code in sorted(codes.union(policy.overrides))
        for action in sorted(policy.possible(code))
        if action.pages or action.tickets
    )


def _reports(xid: Xid, product: str | None) -> bool:
    return xid.used and (product is None or product in xid.gpus)


def _product(model: str) -> str | None:
    """NVIDIA's catalogue names one product for each generation."""
    found = _MODEL.search(model)
    return _GENERATIONS[found[1]] if found else None
