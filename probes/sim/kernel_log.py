"""What the kernel of a simulated machine logs, as the driver words it (`probes.kernel_log.nvrm`)."""

from catalog.xid import lookup

_TEXTS = {
    79: "GPU has fallen off the bus.",
    154: "GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)",
}
"""Where the text decides what is asked for, or everybody looks for it."""


def xid(bus: str, code: int) -> str:
    """The record of an Xid of the GPU at the PCI address *bus*."""
    text = _TEXTS.get(code) or lookup.explain(code).description
    return f"NVRM: Xid (PCI:{bus.rpartition('.')[0].lower()}): {code}, {text}"
