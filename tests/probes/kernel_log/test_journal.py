import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kernel_log import journal
from probes.kernel_log.record import Record

# As `journalctl -k -o json` of systemd 255 prints an entry, fields that we do not read shortened.
ENTRY = {
    "__CURSOR": "s=5e8d4f7c0a1b4d6e9f00112233445566;i=1f4a;b=70defbc290144abbb6b03eacd29ac47d;m=2a3f;t=63e;x=9",
    "__REALTIME_TIMESTAMP": "1795521070659063",
    "_SOURCE_MONOTONIC_TIMESTAMP": "43219876",
    "_BOOT_ID": "70defbc290144abbb6b03eacd29ac47d",
    "_TRANSPORT": "kernel",
    "PRIORITY": "3",
    "SYSLOG_FACILITY": "0",
    "SYSLOG_IDENTIFIER": "kernel",
    "MESSAGE": "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
}


def line(**fields: object) -> bytes:
    return json.dumps({**ENTRY, **fields}).encode()


def test_an_entry() -> None:
    """The journal numbers its entries; processes' entries lie between, so holes mean nothing."""
    assert journal.parse(line()) == Record(
        text="NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
        priority=3,
        facility=0,
        origin="journal 5e8d4f7c0a1b4d6e9f00112233445566",
        sequence=0x1F4A,
        dense=False,
        monotonic_us=43_219_876,
        at=1795521070.659063,
    )


def test_what_a_process_logs_is_left_out() -> None:
    """No process makes us believe that a GPU failed."""
    assert journal.parse(line(_TRANSPORT="syslog")) is None
    assert journal.parse(line(_TRANSPORT=None)) is None


def test_a_message_that_is_not_utf8() -> None:
    """It comes as a list of bytes."""
    record = journal.parse(line(MESSAGE=[*b"NVRM: Xid ", 255]))

    assert record is not None
    assert record.text == "NVRM: Xid \N{REPLACEMENT CHARACTER}"


def test_a_field_that_occurs_twice() -> None:
    """The first one holds."""
    record = journal.parse(line(MESSAGE=["NVRM: one", "NVRM: two"]))

    assert record is not None
    assert record.text == "NVRM: one"


def test_an_entry_without_a_cursor() -> None:
    """Nobody numbered it."""
    record = journal.parse(line(__CURSOR="of another program"))

    assert record is not None
    assert (record.origin, record.sequence) == ("", None)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"{}", b'{"_TRANSPORT":7}', b"\xff"])
def test_what_is_no_entry(data: bytes) -> None:
    """It is no record."""
    assert journal.parse(data) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(sorted(ENTRY)), VALUES))
def test_any_json(fields: dict[str, object]) -> None:
    """Nothing makes it raise."""
    journal.parse(line(**fields))


@given(st.binary())
def test_garbage(data: bytes) -> None:
    """Nothing makes it raise."""
    journal.parse(b"{" + data)
