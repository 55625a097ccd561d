"""What is known of a code as one JSON object: what `gpuvitals xid --json` prints."""

from collections.abc import Mapping

from catalog.xid import lookup, nvlink5, sxid
from catalog.xid.actions import Action
from catalog.xid.nvlink5 import SubCode
from catalog.xid.policy import Policy
from catalog.xid.sxid import Sxid

_TABLE = Policy()

Facts = Mapping[str, object]


def of_xid(code: int, numbers: tuple[int, int] | None = None, policy: Policy = _TABLE) -> Facts:
    """What is known of an Xid; of 144 to 150 also what the first two *numbers* of a record say.

    The operator's word comes last, and counts.
    """
    facts = _of_table(code, numbers)
    override = policy.overrides.get(code)
    if override is None:
        return facts
    reason = f"The configuration says so, in place of {facts['action']}. {facts['reason']}"
    return {**facts, **_asked(override), "reason": reason, "overrides": facts["action"]}


def _of_table(code: int, numbers: tuple[int, int] | None) -> Facts:
    xid = lookup.explain(code)
    facts = {
        "xid": code,
        "catalogued": xid.catalogued,
        "description": xid.description,
        "mnemonic": xid.mnemonic,
        **_asked(xid.action),
        "reason": xid.reason,
        "concerns": xid.concerns,
        "decided_with": xid.decided_with,
        "comes_with": xid.comes_with,
        "gpus": xid.gpus,
        "link": lookup.CATALOGUE,
    }
    return facts if numbers is None else {**facts, **_decoded(nvlink5.decode(code, *numbers))}


def of_sxid(code: int) -> Facts:
    """What is known of an SXid."""
    found = sxid.explain(code)
    facts = {"sxid": code, "catalogued": found is not None}
    return {**facts, **(_switch(found) if found else {}), "link": sxid.GUIDE}


def _decoded(row: SubCode | None) -> Facts:
    """What a record's numbers put in place of the action of its code."""
    if row is None:
        return {"decoded": False}
    return {
        "decoded": True,
        **_asked(row.action),
        "reason": f"The record's numbers mean an error of {row.unit} that is {row.reach}.",
        "unit": row.unit,
        "reach": row.reach,
        "next": row.next,
    }


def _switch(found: Sxid) -> Facts:
    return {
        "description": found.name,
        **_asked(found.action),
        "severity": found.severity,
        "impact": found.impact,
        "recovery": found.recovery,
    }


def _asked(action: Action) -> Facts:
    notifies = "page" if action.pages else "ticket" if action.tickets else "nobody"
    return {"action": action, "notifies": notifies}
