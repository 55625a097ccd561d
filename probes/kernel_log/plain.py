"""Text logs: `dmesg`, `journalctl -o short-monotonic`, and what syslog daemons write.

A line that syslog wrote for a process is left out, whatever it says: it has a tag other than `kernel:` before its text.
"""

import re

from probes.kernel_log import stamps
from probes.kernel_log.record import Record

_MONOTONIC = r"\[ {0,12}(\d{1,12})\.(\d{6})\]"
_CALLER = r"(?: ?\[ {0,12}[TC]\d{1,10}\])?"
_PREFIX = re.compile(
    rf"(?:<(?P<priority>\d{{1,4}})>)?"
    rf"(?:(?P<stamp>{stamps.ISO}|{stamps.SYSLOG})\s|\[(?P<ctime>{stamps.CTIME})\]\s?)?"
    rf"(?:{_MONOTONIC}{_CALLER}\s?)?"
    rf"(?:(?:\S{{1,255}} )?kernel(?:\[\d{{1,10}}\])?:\s?)?"
    rf"(?:{_MONOTONIC}{_CALLER}\s?)?"
)
_SUBJECTS = ("NVRM: ", "nvidia-nvswitch")


def parse(line: bytes, now: float) -> Record | None:
    """The record of one line, None if it is not about NVIDIA's driver; nobody numbers such lines."""
    text = line.strip(b"\0\r").decode(errors="replace")
    prefix = _PREFIX.match(text)
    if prefix is None or not text.startswith(_SUBJECTS, prefix.end()):
        return None
    priority = int(prefix["priority"] or 6)
    stamp = prefix["stamp"] or prefix["ctime"]
    return Record(
        text=text[prefix.end() :],
        priority=priority & 7,
        facility=priority >> 3,
        monotonic_us=_since_boot(prefix),
        at=stamps.seconds(stamp, now) if stamp else None,
    )


def _since_boot(prefix: re.Match[str]) -> int | None:
    first, second = prefix.group(4, 5), prefix.group(6, 7)
    whole, fraction = first if first[0] else second
    return int(whole) * 10**6 + int(fraction) if whole else None
