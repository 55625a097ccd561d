"""What an operator may say about Xids, and what comes of it."""

import pytest

from catalog.typed import Mismatch
from catalog.xid import counters, lookup, record
from catalog.xid.actions import Action
from catalog.xid.policy import Policy, overrides

OWN = Policy(overrides={48: Action.NONE, 149: Action.NONE, 999: Action.REBOOT_NODE})


@pytest.mark.parametrize("code", [code for code, xid in lookup.catalogued().items() if xid.used])
def test_each_used_code_has_one_answer(code: int) -> None:
    """The operator's if there is one, else the table's; by itself no record has two."""
    expected = OWN.overrides.get(code, lookup.explain(code).action)

    assert OWN.action(code) is expected
    assert OWN.possible(code) == ({expected} if code in OWN.overrides else record.possible(code))


def test_what_is_overridden_begins_at_zero_where_it_tells_somebody() -> None:
    """Whatever the model, since the operator expects it."""
    pairs = counters.from_zero("NVIDIA H100 80GB HBM3", OWN)

    assert (999, Action.REBOOT_NODE) in pairs
    assert not {48, 149} & {code for code, _ in pairs}


@pytest.mark.parametrize(
    "written",
    [
        "48=none,999=reboot_node",
        " 999 = reboot_node , 48=none",
        {"48": "none", "999": "reboot_node"},
        ["48=none", "999=reboot_node"],
    ],
)
def test_ways_to_write_it(written: object) -> None:
    """As a flag or variable, as a mapping, as a list."""
    assert overrides(written) == ((48, Action.NONE), (999, Action.REBOOT_NODE))


def test_nothing_is_nothing() -> None:
    """An empty variable overrides nothing."""
    assert overrides("") == overrides({}) == ()


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("48=reset", "action for Xid 48: 'reset'"),
        ("48", "'48' names no code and action; write them as 48=none"),
        ("x=none", "'x' is no Xid; write its number"),
        ({"0": "none"}, "'0' is no Xid"),
        ({"48": 3}, "action for Xid 48: 3"),
        ("48=none,48=reset_gpu", "Xid 48 is given twice"),
        (7, "write actions by code, such as 48: none, not 7"),
        ([7], "7 names no code and action"),
    ],
)
def test_mistakes(written: object, complaint: str) -> None:
    """One line that says which and what to write."""
    with pytest.raises(Mismatch) as raised:
        overrides(written)

    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)
