"""The bandwidth below which a GPU is degraded whatever it used to give: a table, per memory type and link generation."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from catalog.errors import CatalogError
from catalog.metrics import ecc, nvlink, pcie, state
from catalog.probe import Context, Measurement, Probe
from catalog.snapshot import GpuView

_WARNING = 1.05
"""From the floor to the warning (Azure health checks warn within 5 % of their minimum)."""
_BOTH_WAYS = "both"
"""Transfers that share a link have no floor of their own."""
_HBM_BITS = 1024
"""The narrowest stack of HBM is wider than any GDDR bus."""
_LANES = 16
_ANY = "*"
_UNITS = ("share", "bytes_per_second")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Bytes per second: below `degraded` is a verdict, below `warning` one of two signals that make one."""

    degraded: float

    @property
    def warning(self) -> float:
        return self.degraded * _WARNING


def floor(probe: Probe, measured: Measurement, context: Context, view: GpuView) -> Floor | None:
    """The floor of one measurement, None if the table has none."""
    if _BOTH_WAYS in measured.name:
        return None
    if probe is Probe.MEMORY_BANDWIDTH:
        return _of(_memory(context, view), measured)
    if probe is Probe.HOST_LINK:
        return _host_link(measured, view)
    if probe is Probe.PEER_LINK:
        links = view.value(nvlink.LINKS, "active") or 0
        return _of(f"nvlink-{_major(view)}-{links:.0f}", measured)
    return None


def _memory(context: Context, view: GpuView) -> str:
    if context.bus_bits is None:
        return ""
    if context.bus_bits >= _HBM_BITS:
        return f"hbm-{_major(view)}"
    return "gddr-ecc" if view.value(ecc.ENABLED) else "gddr"


def _host_link(measured: Measurement, view: GpuView) -> Floor | None:
    """By what the slot can do at most: a link that came up slower is what is to be found."""
    generation, width = view.value(pcie.GENERATION_MAX), view.value(pcie.WIDTH_MAX)
    if generation is None or width is None:
        return None
    found = _of(f"pcie-{generation:.0f}", measured)
    return Floor(degraded=found.degraded * min(width / _LANES, 1)) if found else None


def _of(kind: str, measured: Measurement) -> Floor | None:
    row = table().get((kind, measured.name)) or table().get((kind, _ANY))
    if row is None:
        return None
    value, unit = row
    if unit == "bytes_per_second":
        return Floor(degraded=value)
    return None if measured.peak is None else Floor(degraded=value * measured.peak)


def _major(view: GpuView) -> str:
    """The major number of the compute capability, which tells the generation."""
    place = state.INFO.labels.index("compute_capability")
    for labels in view.labelled(state.INFO):
        return labels[place].partition(".")[0]
    return ""


@cache
def table() -> dict[tuple[str, str], tuple[float, str]]:
    """Floor and unit by kind and direction.

    Raises:
        CatalogError: a row is not what it should be.
    """
    text = (files("probes.active") / "floors.csv").read_text(encoding="utf-8")
    found: dict[tuple[str, str], tuple[float, str]] = {}
    for line, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        value, unit = float(row["floor"]), row["unit"]
        if unit not in _UNITS or not value > 0 or (unit == "share" and value >= 1):
            raise CatalogError(f"floors.csv:{line}: {row['floor']} {unit} is no floor")
        if found.setdefault((row["kind"], row["direction"]), (value, unit)) != (value, unit):
            raise CatalogError(f"floors.csv:{line}: a second floor of {row['kind']}")
    return found
