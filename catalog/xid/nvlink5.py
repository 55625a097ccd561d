"""What lies behind Xid 144 to 150: the sub-codes of NVLink 5, from `nvlink5.csv`.

A record of the kernel log ends in seven numbers, `(intrinfo status debug...)`. The first tells the unit, in bits that moved with
driver R575; the second tells the error. No number fits rows of both layouts with different actions (a test proves it), so the
version of the driver is not needed. Facts: the sheet "XID 144-150 Decode" of NVIDIA's catalogue, its wording replaced by ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from catalog import csvfile
from catalog.xid.actions import Action

CODES = range(144, 151)

_FILE = "nvlink5.csv"
_COLUMNS = (
    "code",
    "unit",
    "intrinfo_v1",
    "intrinfo_v2",
    "status",
    "action",
    "reach",
    "next",
)


class Reach(StrEnum):
    """How much an error stops."""

    NONFATAL = "nonfatal"
    LINK_FATAL = "link_fatal"
    FATAL = "fatal"


class Next(StrEnum):
    """Where to look when it comes again."""

    NOTHING = "nothing"
    CONTACT_SUPPORT = "contact_support"
    REPORT_IF_DAILY = "report_if_daily"
    CHECK_COMPANIONS = "check_companions"
    CHECK_LINK_DOWN = "check_link_down"
    CHECK_SIGNAL = "check_signal"
    CHECK_SIGNAL_AND_CABLES = "check_signal_and_cables"
    CHECK_SOFTWARE = "check_software"
    CHECK_SOFTWARE_AND_SIGNAL = "check_software_and_signal"
    CHECK_PEER = "check_peer"
    CHECK_HOST = "check_host"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Some bits of a word; the others do not matter."""

    mask: int
    bits: int

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """From 32 characters, the highest bit first: `0`, `1`, or `-` for what does not matter.

        Raises:
            ValueError: it is not written so.
        """
        if len(text) != 32 or set(text) - set("01-"):
            raise ValueError(f"{text!r} is no pattern of 32 bits")
        mask = "".join("0" if bit == "-" else "1" for bit in text)
        return cls(int(mask, 2), int(text.replace("-", "0"), 2))

    def fits(self, word: int) -> bool:
        return word & self.mask == self.bits


@dataclass(frozen=True, slots=True, kw_only=True)
class SubCode:
    """One row.

    Attributes:
        unit: the part of the link, with both names where R575 renamed it.
        layouts: the bits of `intrinfo` before R575 and since.
        statuses: the values of `status`; empty if every one fits.
        next: where to look when it comes again.
    """

    code: int
    unit: str
    layouts: tuple[Pattern, Pattern]
    statuses: frozenset[int]
    action: Action
    reach: Reach
    next: Next

    def fits(self, code: int, intrinfo: int, status: int) -> bool:
        """Whether the numbers of a record mean this row."""
        return (
            code == self.code
            and (not self.statuses or status in self.statuses)
            and any(layout.fits(intrinfo) for layout in self.layouts)
        )


def decode(code: int, intrinfo: int, status: int) -> SubCode | None:
    """The row that the first two numbers of a record mean, None if NVIDIA lists none."""
    return next((row for row in sub_codes() if row.fits(code, intrinfo, status)), None)


@cache
def sub_codes() -> tuple[SubCode, ...]:
    """Every row, in NVIDIA's order."""
    return csvfile.load(__package__, _FILE, _COLUMNS, _row)


def _row(cells: Mapping[str, str]) -> SubCode:
    return SubCode(
        code=int(cells["code"]),
        unit=cells["unit"],
        layouts=(Pattern.parse(cells["intrinfo_v1"]), Pattern.parse(cells["intrinfo_v2"])),
        statuses=frozenset(int(status, 16) for status in cells["status"].split()),
        action=Action(cells["action"]),
        reach=Reach(cells["reach"]),
        next=Next(cells["next"]),
    )
