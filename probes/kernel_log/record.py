"""One message of the kernel, whatever carried it here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One message.

    Attributes:
        text: may hold several lines.
        priority: of syslog, 0 (emergency) to 7 (debug).
        facility: of syslog; the kernel's own is 0, which no process can claim.
        origin: who numbered it: the boot, by its id, or the journal. Empty if nobody did.
        sequence: its number; with `origin` that is its identity. None if nobody numbered it.
        dense: whether the numbers have no holes, so that a hole is a loss.
        monotonic_us: microseconds since the boot, None if the carrier does not tell.
        at: seconds since 1970, None if the carrier does not tell.
        properties: what the kernel adds, such as the device.
    """

    text: str
    priority: int = 6
    facility: int = 0
    origin: str = ""
    sequence: int | None = None
    dense: bool = False
    monotonic_us: int | None = None
    at: float | None = None
    properties: tuple[tuple[str, str], ...] = ()
