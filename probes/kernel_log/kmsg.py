r"""The format of `/dev/kmsg`: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];MESSAGE`, then lines ` KEY=value`.

Bytes that are not printable are written `\xNN`, the backslash itself included
(https://www.kernel.org/doc/Documentation/ABI/testing/dev-kmsg).
"""

import re

from probes.kernel_log.record import Record

_HEAD = re.compile(rb"([0-9]{1,6}),([0-9]{1,20}),([0-9]{1,20}),[^;\n]{0,200};")
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")


def parse(data: bytes, boot: str) -> Record | None:
    """The record of the boot with the id *boot*, None if *data* is written otherwise."""
    head = _HEAD.match(data)
    if head is None:
        return None
    priority = int(head[1])
    message, _, rest = data[head.end() :].partition(b"\n")
    return Record(
        text=_text(message),
        priority=priority & 7,
        facility=priority >> 3,
        origin=boot,
        sequence=int(head[2]),
        dense=True,
        monotonic_us=int(head[3]),
        properties=_properties(rest) if rest else (),
    )


def _text(data: bytes) -> str:
    if b"\\x" in data:
        data = _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), data)
    return data.decode(errors="replace")


def _properties(data: bytes) -> tuple[tuple[str, str], ...]:
    """Lines that begin with a space continue the record."""
    pairs = (line[1:].partition(b"=") for line in data.split(b"\n") if line[:1] == b" ")
    return tuple((_text(key), _text(value)) for key, equals, value in pairs if equals)
