"""The names by which device plugins and claims mean a GPU or a part of it, in their several spellings.

| who | spelling |
|---|---|
| NVIDIA's device plugin | `GPU-UUID`, `MIG-UUID`, of a shared one `GPU-UUID::3` |
| drivers before 470 | `MIG-GPU-UUID/1/0`: GPU instance, compute instance |
| GKE's device plugin | `nvidia0`, `nvidia0/gi1`, of a shared one `nvidia0/vgpu3`, `nvidia0/gi1/vgpu3`: device minors |
| NVIDIA's driver for dynamic resource allocation | `gpu-0`, `gpu-0-mig-1g10gb-19-0`: device minors |
| the container device interface | `nvidia.com/gpu=GPU-UUID`, `k8s.gpu.nvidia.com/claim=ID-gpu-0` |
| other plugins | `0`, `GPU-UUID-3` |
"""

import re
from dataclasses import dataclass

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_GPUS = re.compile(r"nvidia\.com/(gpu|mig-).*|gpu\.nvidia\.com")
_SPELLINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"MIG-(?P<parent>GPU-{_UUID})/(?P<gi>\d+)/(?P<ci>\d+)(\W.*)?",
        rf"(?P<uuid>(GPU|MIG)-{_UUID})([^0-9a-z].*)?",
        r"nvidia(?P<minor>\d+)(/gi(?P<gi>\d+))?(/vgpu\d+)?",
        r"(.*\W)?gpu-(?P<minor>\d+)(-mig-(?P<profile>.+))?",
        r"(?P<index>\d+)(::\d+)?",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceId:
    """One device as a plugin or a driver names it; of a plugin's, no two pods have the same at once.

    Attributes:
        resource: the resource's name, or the driver's.
        names: each means the device; the first that does so exactly is believed.
        dynamic: whether it was claimed (dynamic resource allocation), which several pods may do together.
    """

    resource: str
    names: tuple[str, ...]
    dynamic: bool = False

    @property
    def gpus(self) -> bool:
        """Whether the resource is NVIDIA's GPUs, so that a mere number means one."""
        return _GPUS.fullmatch(self.resource) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """What a name says, as far as it says it; None where it does not.

    Attributes:
        uuid: of a GPU or a MIG instance.
        minor: the number of the GPU's device file.
        index: the driver's number of the GPU.
        gi: GPU instance.
        ci: compute instance.
        profile: how an instance's size is written, and where it lies.
    """

    uuid: str | None = None
    minor: int | None = None
    index: int | None = None
    gi: int | None = None
    ci: int | None = None
    profile: str | None = None

    @property
    def numbered(self) -> bool:
        """Whether it says no more than a number, which something that is no GPU may have too."""
        return self.uuid is None


def spelled(name: str) -> Spelled | None:
    """What *name* says, None if it is none of the spellings."""
    for candidate in (name, name.rpartition("=")[2]):
        for spelling in _SPELLINGS:
            found = spelling.fullmatch(candidate)
            if found:
                return _said(found.groupdict())
    return None


def _said(parts: dict[str, str | None]) -> Spelled:
    return Spelled(
        uuid=_canonical(parts.get("parent") or parts.get("uuid")),
        minor=_number(parts.get("minor")),
        index=_number(parts.get("index")),
        gi=_number(parts.get("gi")),
        ci=_number(parts.get("ci")),
        profile=parts.get("profile"),
    )


def _canonical(uuid: str | None) -> str | None:
    """As NVML writes it: the prefix in capitals, the rest not."""
    return None if uuid is None else uuid[:3].upper() + uuid[3:].lower()


def _number(text: str | None) -> int | None:
    return None if text is None or len(text) > _DIGITS else int(text)


_DIGITS = 9
"""A longer number is no GPU's, and Python refuses to read very long ones."""
