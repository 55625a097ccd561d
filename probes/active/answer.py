"""Reads the line that a probe child printed. Whether it can be true: `probes.active.plausible`."""

import msgspec

from catalog.probe import VERSION, Order, Result

LONGEST = 1024 * 1024
"""Bytes of an answer; an honest one has at most a hundred thousand."""


class NoAnswer(Exception):
    """What was printed is no answer.

    Attributes:
        why: `no_line`, `half_line`, `two_lines`, `garbage` or `other_order`.
    """

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


def read(printed: bytes, order: Order) -> Result:
    """The answer to *order*; whether it can be true is another question.

    Raises:
        NoAnswer: there is none.
    """
    result = _parsed(_line(printed))
    if (result.probe, result.uuid, result.version) != (order.probe, order.uuid, VERSION):
        raise NoAnswer(
            "other_order",
            f"the answer is to {result.probe} of {result.uuid}, version {result.version}",
        )
    return result


def _line(printed: bytes) -> bytes:
    if not printed:
        raise NoAnswer("no_line", "the child printed nothing")
    line, end, rest = printed.partition(b"\n")
    if not end:
        raise NoAnswer("half_line", f"the child's line has no end: {line[:80]!r}")
    if rest:
        raise NoAnswer("two_lines", f"the child printed more than one line: {rest[:80]!r}")
    return line


def _parsed(line: bytes) -> Result:
    try:
        return msgspec.json.decode(line, type=Result)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoAnswer("garbage", f"the child's line is no result: {error}") from error
