"""What the driver's own events mean. Who hears them is `probes.reader`."""

from catalog.event import Event, EventKind, Severity

# nvmlEventType* of nvml.h, those that are an event of ours by themselves; what the others changed is in the slow tier.
_DOUBLE_BIT_ECC = 0x2
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
    if event_type == _DOUBLE_BIT_ECC:
        return Event(
            at=at,
            kind=EventKind.ECC_UNCORRECTED,
            severity=Severity.CRITICAL,
            message=f"uncorrectable ECC error on {gpu}",
            uuid=uuid,
        )
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
