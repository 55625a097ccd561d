"""PCI addresses in one form, NVML's `busId`, so that a record of the kernel log joins its GPU."""

import re

_ADDRESS = re.compile(
    r"(?:PCI:)?(?:([0-9a-fA-F]{1,8}):)?([0-9a-fA-F]{2}):([0-9a-fA-F]{2})(?:[.:]([0-7]))?\Z"
)


def bus_id(address: str) -> str | None:
    """`00000000:3B:00.0` of `PCI:0000:3b:00`, `0000:3b:00.0`, `3b:00`; None if it is no address."""
    found = _ADDRESS.match(address)
    if found is None:
        return None
    domain, bus, device, function = found.groups()
    return f"{int(domain or '0', 16):08X}:{bus.upper()}:{device.upper()}.{function or '0'}"
