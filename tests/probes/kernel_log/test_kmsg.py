import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.kernel_log import kmsg
from probes.kernel_log.record import Record

BOOT = "70defbc2-9014-4abb-b6b0-3eacd29ac47d"
TEXTS = st.text(st.characters(codec="utf-8"))


def written(text: str) -> bytes:
    """As the kernel escapes a message (kernel/printk/printk.c, append_char)."""
    octets = (
        bytes((octet,)) if 32 <= octet < 127 and octet != ord("\\") else b"\\x%02x" % octet
        for octet in text.encode()
    )
    return b"".join(octets)


def test_a_record() -> None:
    """Priority and facility share the first number; the caller is there on kernels that were built so."""
    line = b"3,1234,5678901234,-,caller=T4711;NVRM: Xid (PCI:0000:3b:00): 79, GPU lost\n"

    assert kmsg.parse(line, BOOT) == Record(
        text="NVRM: Xid (PCI:0000:3b:00): 79, GPU lost",
        priority=3,
        facility=0,
        origin=BOOT,
        sequence=1234,
        dense=True,
        monotonic_us=5_678_901_234,
    )


def test_a_record_of_a_process() -> None:
    """What a process wrote to /dev/kmsg carries its facility; the kernel lets nobody claim 0."""
    record = kmsg.parse(b"30,7,9,-;systemd[1]: hello\n", BOOT)

    assert record is not None
    assert (record.priority, record.facility) == (6, 3)


def test_lines_that_continue_a_record() -> None:
    """Lines that begin with a space are properties; the message is the first line alone."""
    data = b"6,1,2,-;enabling device\n SUBSYSTEM=pci\n DEVICE=+pci:0000:3b:00.0\n"
    record = kmsg.parse(data, BOOT)

    assert record is not None
    assert record.text == "enabling device"
    assert dict(record.properties) == {"SUBSYSTEM": "pci", "DEVICE": "+pci:0000:3b:00.0"}


def test_a_message_of_two_lines() -> None:
    """The kernel escapes what is not printable, the end of a line included."""
    record = kmsg.parse(rb"4,1,2,c;NVRM: one\x0aNVRM: t\x5cwo", BOOT)

    assert record is not None
    assert record.text == "NVRM: one\nNVRM: t\\wo"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b";",
        b"6,1,2",
        b"6,1,2;no flags",
        b"6,1,-2,-;negative",
        b"6,,2,-;empty",
        b"6,1_0,2,-;not as the kernel writes numbers",
        b" SUBSYSTEM=pci",
        b"[    5.123456] NVRM: a text log",
        b"6,1,2,-\n;a header on two lines",
    ],
)
def test_what_is_written_otherwise(data: bytes) -> None:
    """It is no record."""
    assert kmsg.parse(data, BOOT) is None


@given(
    text=TEXTS,
    priority=st.integers(0, 191),
    sequence=st.integers(0, 2**64 - 1),
    microseconds=st.integers(0, 2**63 - 1),
    properties=st.lists(st.tuples(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), TEXTS)),
)
def test_round_trip(
    text: str,
    priority: int,
    sequence: int,
    microseconds: int,
    properties: list[tuple[str, str]],
) -> None:
    """Whatever the kernel logs is read as it was logged."""
    head = f"{priority},{sequence},{microseconds},-;".encode()
    tail = b"".join(b" %s=%s\n" % (key.encode(), written(value)) for key, value in properties)
    record = kmsg.parse(head + written(text) + b"\n" + tail, BOOT)

    assert record == Record(
        text=text,
        priority=priority & 7,
        facility=priority >> 3,
        origin=BOOT,
        sequence=sequence,
        dense=True,
        monotonic_us=microseconds,
        properties=tuple(properties),
    )


@given(st.binary() | st.from_regex(rb"\d{1,30},\d{1,30},\d{1,30},.*;.*", fullmatch=True))
@example(b"6,1,2,-;\\x")
@example(b"6,1,2,-;\\xf")
@example(b"6,1,2,-;\\xff\\xfe")
def test_garbage(data: bytes) -> None:
    """Nothing makes it raise."""
    record = kmsg.parse(data, BOOT)

    assert record is None or record.sequence is not None
