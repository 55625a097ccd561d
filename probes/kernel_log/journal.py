"""The systemd journal as `journalctl -k -o json` writes it: one JSON object per line.

What processes log is left out, whatever it says: only the journal itself can set fields that begin with an underscore.
"""

import re

import msgspec

from probes.kernel_log.record import Record

# journalctl(1) promises nothing about a cursor; systemd has written these two parts of it since version 188:
# the journal's id and the number of the entry in it (sd-journal.c, sd_journal_get_cursor).
_CURSOR = re.compile(r"s=([0-9a-f]{1,64});i=([0-9a-f]{1,16});")
_Value = str | list[int | str] | None


class _Entry(msgspec.Struct):
    message: _Value = msgspec.field(name="MESSAGE", default=None)
    priority: _Value = msgspec.field(name="PRIORITY", default=None)
    facility: _Value = msgspec.field(name="SYSLOG_FACILITY", default=None)
    transport: _Value = msgspec.field(name="_TRANSPORT", default=None)
    cursor: _Value = msgspec.field(name="__CURSOR", default=None)
    microseconds: _Value = msgspec.field(name="__REALTIME_TIMESTAMP", default=None)
    monotonic: _Value = msgspec.field(name="_SOURCE_MONOTONIC_TIMESTAMP", default=None)


_decoder = msgspec.json.Decoder(_Entry)


def parse(line: bytes) -> Record | None:
    """The record of one line, None if it is no entry of the kernel's."""
    try:
        entry = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if entry.transport != "kernel":
        return None
    cursor = _CURSOR.match(_text(entry.cursor))
    microseconds = _number(entry.microseconds)
    return Record(
        text=_text(entry.message),
        priority=(_number(entry.priority) or 0) & 7,
        facility=_number(entry.facility) or 0,
        origin=f"journal {cursor[1]}" if cursor else "",
        sequence=int(cursor[2], 16) if cursor else None,
        monotonic_us=_number(entry.monotonic),
        at=None if microseconds is None else microseconds / 1e6,
    )


def _text(value: _Value) -> str:
    """Text that is not UTF-8 comes as a list of bytes; a field that occurs twice as a list of texts."""
    if isinstance(value, list):
        if value and isinstance(value[0], str):
            return value[0]
        octets = (part for part in value if isinstance(part, int) and 0 <= part < 256)
        return bytes(octets).decode(errors="replace")
    return value or ""


def _number(value: _Value) -> int | None:
    text = _text(value)
    return int(text) if len(text) < 20 and text.isascii() and text.isdigit() else None
