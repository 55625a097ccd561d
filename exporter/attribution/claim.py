"""What the kubelet says of devices, in our words."""

from dataclasses import dataclass

from exporter.attribution.device_id import DeviceId
from exporter.holders import Holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A container has a device; before Kubernetes 1.34 it may have finished."""

    holder: Holder
    device: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletAnswer:
    """What the kubelet said at one time.

    Attributes:
        allocatable: devices that pods may get or have, of device plugins only; None if it cannot tell.
    """

    claims: tuple[Claim, ...]
    allocatable: tuple[DeviceId, ...] | None
