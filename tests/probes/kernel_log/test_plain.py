from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kernel_log import plain, stamps

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
XID = "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus."


def local(stamp: str) -> float:
    """Seconds since 1970 of a time in the zone of this machine."""
    return datetime.fromisoformat(stamp).timestamp()


# Shapes: util-linux dmesg, with and without -r, -T, -x and --time-format iso; systemd's journalctl -o short-monotonic
# and short-iso; rsyslog's two templates; a kernel with CONFIG_PRINTK_CALLER.
@pytest.mark.parametrize(
    ("prefix", "microseconds", "at"),
    [
        ("", None, None),
        ("[12345.678901] ", 12_345_678_901, None),
        ("[    5.123456] ", 5_123_456, None),
        ("<3>[    5.123456] ", 5_123_456, None),
        ("[    5.123456][ T4711] ", 5_123_456, None),
        ("[    5.123456] node-7 kernel: ", 5_123_456, None),
        ("[Mon May 25 12:34:56 2026] ", None, local("2026-05-25T12:34:56")),
        ("2026-05-25T12:34:56,123456+02:00 ", None, 1779705296.123456),
        ("2026-05-25T12:34:56.123456789Z node-7 kernel: ", None, 1779712496.123456),
        ("2026-05-25T12:34:56+0200 node-7 kernel: ", None, 1779705296),
        ("May 25 12:34:56 node-7 kernel: ", None, local("2026-05-25T12:34:56")),
        (
            "Jan  2 03:04:05 node-7 kernel: [176830.774761] ",
            176_830_774_761,
            local("2026-01-02T03:04:05"),
        ),
        ("Dec 31 23:59:59 node-7 kernel: ", None, local("2025-12-31T23:59:59")),
        ("kernel: [123.456789] ", 123_456_789, None),
    ],
)
def test_prefixes(prefix: str, microseconds: int | None, at: float | None) -> None:
    """Whatever stands before the message tells when it was."""
    record = plain.parse((prefix + XID).encode(), NOW)

    assert record is not None
    assert record.text == XID
    assert record.monotonic_us == microseconds
    assert record.at == at


def test_priority() -> None:
    """`dmesg -r` writes it."""
    record = plain.parse(b"<12>[    5.123456] " + XID.encode(), NOW)

    assert record is not None
    assert (record.priority, record.facility) == (4, 1)


@pytest.mark.parametrize(
    "line",
    [
        f"May 25 12:34:56 node-7 joker[4711]: {XID}",
        f"2026-05-25T12:34:56Z node-7 joker: {XID}",
        f"audit: cmd='{XID}'",
        f"the log said: {XID}",
        "May 25 12:34:56 node-7 kernel: usb 1-1: new device",
        "",
    ],
)
def test_lines_of_others(line: str) -> None:
    """What a process logs is left out, and so is what is about something else."""
    assert plain.parse(line.encode(), NOW) is None


def test_zeros_after_a_power_cut() -> None:
    """A file system may leave a hole before the next line."""
    assert plain.parse(bytes(4096) + XID.encode(), NOW) is not None


@pytest.mark.parametrize(
    "stamp", ["2026-13-01T00:00:00Z", "Feb 30 12:00:00", "2026-01-01T00:00:00+99:99", ""]
)
def test_no_such_time(stamp: str) -> None:
    """It is unknown."""
    assert stamps.seconds(stamp, NOW) is None


@given(st.binary() | st.from_regex(plain._PREFIX.pattern.encode() + rb"NVRM: .*"))
def test_garbage(line: bytes) -> None:
    """Nothing makes it raise."""
    plain.parse(line, NOW)


@given(
    st.from_regex(stamps.ISO, fullmatch=True)
    | st.from_regex(stamps.SYSLOG, fullmatch=True)
    | st.from_regex(stamps.CTIME, fullmatch=True)
)
def test_any_stamp(stamp: str) -> None:
    """Nothing that looks like a stamp makes it raise."""
    stamps.seconds(stamp, NOW)
