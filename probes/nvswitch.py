"""Which NVSwitches this machine has, as the system tells without the driver: those that its driver is bound to."""

from pathlib import Path

from probes.kernel_log.pci import bus_id

_BOUND = Path("/sys/bus/pci/drivers/nvidia-nvswitch")


def bound(folder: Path = _BOUND) -> frozenset[str]:
    """Their PCI addresses as NVML writes them; none where there is no such driver, or no sysfs."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return frozenset()
    return frozenset(address for name in names if (address := bus_id(name)))
