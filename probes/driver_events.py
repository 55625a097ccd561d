"""What the driver's own events mean. Who hears them is `probes.reader`."""

from catalog.event import Event, EventKind, Severity

# nvmlEventType* of nvml.h that is an event of ours by itself; what the others changed is in the slow tier, which each of
# them has read at once: a double-bit error tells neither how many there were nor where.
_XID = 0x8


def meaning(at: float, gpu: str, uuid: str, event_type: int, data: int) -> Event | None:
    """The event of ours, None if there is none.

    Args:
        at: when it was heard, seconds since 1970.
        gpu: which GPU, for a person.
        uuid: which GPU, empty if we do not read it.
        event_type: the driver's.
        data: the driver's.
    """
    if event_type == _XID:
        return Event(
            at=at,
            kind=EventKind.XID,
            severity=Severity.WARNING,
            message=f"Xid {data} on {gpu}",
            uuid=uuid,
            code=data,
        )
    return None
