"""What a benchmark needs of the machine. Each function says what is missing; empty if nothing is."""

import importlib.util
import shutil
from pathlib import Path

from catalog.errors import DriverError, DriverMissing
from probes.sources import open_source

BIN = Path(__file__).parents[1] / ".tools" / "bin"


def nothing() -> str:
    """Any machine will do."""
    return ""


def wrk() -> str:
    """The load generator."""
    return "" if shutil.which("wrk") else "wrk is missing: tools/install wrk"


def alertmanager() -> str:
    """The servers that alerts go through."""
    return _missing("alertmanager", "prometheus")


def sloth() -> str:
    """A Prometheus, and the generator that we compare with."""
    return _missing("prometheus", "sloth")


def prometheus() -> str:
    """Prometheus, which brings promtool."""
    return _missing("prometheus")


def gpu() -> str:
    """A GPU that NVML can read."""
    try:
        driver = open_source("nvml")
        found = driver.devices()
        driver.close()
    except (DriverError, DriverMissing) as error:
        return f"no NVIDIA GPU: {error}"
    return "" if found else "no NVIDIA GPU: the driver has no devices"


def gpu_with_pytorch() -> str:
    """A GPU, and PyTorch to load it."""
    return gpu() or ("" if importlib.util.find_spec("torch") else "PyTorch is missing")


def _missing(*programs: str) -> str:
    missing = [name for name in programs if not (BIN / name).exists()]
    return f"tools/install {' '.join(missing)}" if missing else ""
