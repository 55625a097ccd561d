"""Answers about what the GPU is and how it is set up, and what the driver is."""

from collections.abc import Mapping
from types import MappingProxyType

from probes.driver import Answer
from probes.sim.board import Now, Questions, not_supported

# The driver of data/h200_nvml_survey.json.
SYSTEM: Mapping[str, Answer] = MappingProxyType(
    {
        "nvmlSystemGetDriverVersion": "580.159.04",
        "nvmlSystemGetNVMLVersion": "13.580.159.04",
        "nvmlSystemGetCudaDriverVersion": 13000,
        "nvmlSystemGetConfComputeState": {"environment": 0, "ccFeature": 0, "devToolsMode": 0},
    }
)

_REGISTERED = 3  # NVML_GPU_FABRIC_STATE_COMPLETED


def name(now: Now) -> Answer:
    """Its name, as NVML gives it."""
    return now.board.model.name


def pci(now: Now) -> Answer:
    """Where it sits."""
    domain, bus, _ = now.board.bus.split(":")
    return {
        "busIdLegacy": now.board.bus,
        "domain": int(domain, 16),
        "bus": int(bus, 16),
        "device": 0,
        "busId": f"0000{now.board.bus}",
    }


def capability(now: Now) -> Answer:
    """CUDA compute capability."""
    return now.board.model.compute_capability


def fabric(now: Now) -> Answer:
    """Whether it joined the NVSwitch fabric."""
    if not now.board.model.fabric or now.mig:
        raise not_supported("fabric")
    return {"state": _REGISTERED, "status": 0, "cliqueId": 0, "healthMask": 0}


def mig_mode(now: Now) -> Answer:
    """MIG mode now and after the next reset."""
    if now.board.model.mig is None:
        raise not_supported("MIG")
    return [int(now.mig)] * 2


QUESTIONS: Questions = {
    "nvmlDeviceGetName": name,
    "nvmlDeviceGetUUID": lambda now: now.board.uuid,
    "nvmlDeviceGetSerial": lambda now: now.board.serial,
    "nvmlDeviceGetBoardPartNumber": lambda now: now.board.model.part_number,
    "nvmlDeviceGetVbiosVersion": lambda now: now.board.model.vbios,
    "nvmlDeviceGetMinorNumber": lambda now: now.board.number,
    "nvmlDeviceGetPciInfo_v3": pci,
    "nvmlDeviceGetArchitecture": lambda now: now.board.model.architecture,
    "nvmlDeviceGetCudaComputeCapability": capability,
    "nvmlDeviceGetMemoryBusWidth": lambda now: now.board.model.bus_bits,
    "nvmlDeviceGetComputeMode": lambda _now: 0,
    "nvmlDeviceGetPersistenceMode": lambda _now: 1,
    "nvmlDeviceGetGpuFabricInfoV": fabric,
    "nvmlDeviceGetMigMode": mig_mode,
}
