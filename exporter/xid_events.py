"""From what a driver said to the event that tells it: one sentence, and every part of it as a field."""

from catalog.event import Event, EventKind, Severity
from catalog.probe import is_process
from catalog.xid import lookup, record, sxid
from catalog.xid.actions import Action
from probes.kernel_log.nvrm import SxidRecord, XidRecord

_LONGEST = 500
"""Characters of the driver's text that an event keeps."""


def of_record(
    found: XidRecord, uuid: str, at: float, advice: Action, *, harmless_probe: bool
) -> Event:
    """An Xid of the kernel log.

    Args:
        found: the record.
        uuid: of its GPU; empty if nobody knows it.
        at: seconds since 1970.
        advice: what to do about it.
        harmless_probe: it is the fault of a probe of ours alone; nobody is told.
    """
    return Event(
        at=at,
        kind=EventKind.XID,
        severity=Severity.INFO if harmless_probe else advice.severity,
        message=_sentence(found),
        uuid=uuid,
        pci_bus_id=found.pci,
        gpu_instance=found.gpu_instance,
        compute_instance=found.compute_instance,
        code=found.code,
        sub_code=record.sub_code(found.code, found.text, found.sub),
        action=advice,
        process=found.process,
        pid=found.pid,
        probe=is_process(found.process),
    )


def of_nvml(told: Event, advice: Action) -> Event:
    """An Xid that only NVML told, which knows no more than the GPU and the code."""
    code = told.code or 0
    return Event(
        at=told.at,
        kind=EventKind.XID,
        severity=advice.severity,
        message=f"Xid {code}: {lookup.explain(code).description} (only NVML told)",
        uuid=told.uuid,
        pci_bus_id=told.pci_bus_id,
        code=code,
        action=advice,
    )


def of_switch(found: SxidRecord, action: Action, at: float) -> Event:
    """An SXid of the kernel log; it belongs to the node."""
    known = sxid.explain(found.code)
    where = f"switch {found.switch} at {found.pci}"
    link = "" if found.link is None else f", link {found.link}"
    text = found.text[:_LONGEST] or (known.name if known else "not listed by NVIDIA")
    return Event(
        at=at,
        kind=EventKind.SXID,
        severity=action.severity,
        message=f"SXid {found.code}: {text} ({where}{link})",
        pci_bus_id=found.pci,
        code=found.code,
        action=action,
    )


def _sentence(found: XidRecord) -> str:
    text = found.text[:_LONGEST] or lookup.explain(found.code).description
    details = (
        f"at {found.pci}",
        "" if found.gpu_instance is None else f"GPU instance {found.gpu_instance}",
        "" if found.compute_instance is None else f"compute instance {found.compute_instance}",
        found.process and f"process {found.process}",
        "" if found.pid is None else f"pid {found.pid}",
        "a probe of GPU Vitals" if is_process(found.process) else "",
    )
    return f"Xid {found.code}: {text} ({', '.join(filter(None, details))})"
