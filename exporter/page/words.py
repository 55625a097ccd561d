"""The catalogue's names and labels in words that a person reads."""

from types import MappingProxyType

from catalog.metric import Kind, Metric
from catalog.metrics import (
    allocation,
    availability,
    clocks,
    ecc,
    events,
    memory,
    mig,
    modes,
    nvlink,
    pcie,
    power,
    probes,
    processes,
    profiling,
    temperature,
    utilization,
)

SUBJECTS = (
    ("Utilisation", utilization),
    ("Profiling", profiling),
    ("Memory", memory),
    ("Power", power),
    ("Temperature", temperature),
    ("Clocks", clocks),
    ("ECC and repairs", ecc),
    ("PCIe", pcie),
    ("NVLink", nvlink),
    ("Active probes", probes),
    ("Xids", events),
    ("Processes", processes),
    ("Availability", availability),
    ("Modes", modes),
    ("MIG", mig),
    ("Allocation", allocation),
)
"""Title and catalogue module, in the order of the page."""

REASONS = MappingProxyType(
    {
        "gpu_idle": "idle",
        "applications_clocks_setting": "application clocks",
        "sw_power_cap": "power cap",
        "hw_slowdown": "hardware slowdown",
        "sync_boost": "sync boost",
        "sw_thermal_slowdown": "thermal, software",
        "hw_thermal_slowdown": "thermal, hardware",
        "hw_power_brake_slowdown": "power brake",
        "display_clock_setting": "display clocks",
    }
)
BENIGN = frozenset(
    {
        "gpu_idle",
        "applications_clocks_setting",
        "sw_power_cap",
        "sync_boost",
        "display_clock_setting",
    }
)
"""Reasons that hold clocks down in a healthy GPU."""

_SPELLED = {
    "bar1": "BAR1",
    "crc": "CRC",
    "dram": "DRAM",
    "ecc": "ECC",
    "fp16": "FP16",
    "fp32": "FP32",
    "fp64": "FP64",
    "gpu": "GPU",
    "jpeg": "JPEG",
    "mig": "MIG",
    "nvlink": "NVLink",
    "nvswitch": "NVSwitch",
    "ofa": "OFA",
    "p2p": "P2P",
    "pcie": "PCIe",
    "pid": "PID",
    "sm": "SM",
    "sram": "SRAM",
    "sxid": "SXid",
    "tlp": "TLP",
    "tpc": "TPC",
    "utilization": "utilisation",
    "uuid": "UUID",
}


def plain(name: str) -> str:
    """`hw_slowdown` as `hw slowdown`, acronyms as they are written."""
    return " ".join(_SPELLED.get(word, word) for word in name.split("_"))


def title(metric: Metric) -> str:
    """`gpu_ecc_errors_total` as `ECC errors, total`."""
    counter = metric.kind is Kind.COUNTER
    name = metric.name.removeprefix("gpu_").removesuffix("_total")
    words = plain(name.removesuffix(f"_{metric.unit}") if metric.unit else name)
    return f"{words[0].upper()}{words[1:]}{', total' if counter else ''}"
