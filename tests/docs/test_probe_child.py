"""The examples and the table of docs/probe-child.md."""

import re
from pathlib import Path

import msgspec

from catalog.probe import Order, Reason, Result

PAGE = (Path(__file__).parents[2] / "docs" / "probe-child.md").read_text()


def test_the_examples_are_an_order_and_its_result() -> None:
    """What the page shows is what the child reads and writes, field for field."""
    order, result = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    asked = msgspec.json.decode(order, type=Order)
    told = msgspec.json.decode(result, type=Result)
    assert (asked.probe, asked.uuid) == (told.probe, told.uuid)
    assert set(msgspec.json.decode(result)) == set(Result.__struct_fields__)


def test_every_reason_is_in_the_table() -> None:
    """Whoever meets a reason finds it; a wrong answer is no missing one."""
    table = PAGE.partition("## Why there is no answer")[2].partition("## ")[0]

    missing = [reason for reason in Reason if f"`{reason}`" not in table]
    assert missing == [Reason.NONE, Reason.MISMATCH]
