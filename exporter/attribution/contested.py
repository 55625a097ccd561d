"""A device that the kubelet lists for several pods: before Kubernetes 1.34 it goes on listing those that have finished."""

from collections.abc import Collection

from exporter.attribution.device_id import DeviceId
from exporter.holders import Holder


def resolve(
    device: DeviceId, holders: Collection[Holder], owners: Collection[Holder]
) -> set[Holder] | None:
    """Who of *holders* has the device: the only one, or the pod whose process is on the GPU; None if that is not one pod.

    A replica of a shared device has a name of its own, so pods that share a GPU do not contest it; a claimed device is
    taken from a pod as soon as that finishes, and several pods may claim one together.

    Args:
        device: what is listed.
        holders: for whom.
        owners: whose processes are on its GPU.
    """
    pods = {_pod(holder) for holder in holders}
    if device.dynamic or len(pods) == 1:
        return set(holders)
    living = pods & {_pod(owner) for owner in owners}
    if len(living) != 1:
        return None
    return {holder for holder in holders if _pod(holder) in living}


def _pod(holder: Holder) -> tuple[str, str]:
    return holder.namespace, holder.pod
