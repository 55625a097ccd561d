"""Reads what the kubelet answered: bytes to claims. Needs protobuf (extra `kubernetes`)."""

from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError, Message

from exporter.attribution import podresources_pb2 as wire
from exporter.attribution.claim import Claim
from exporter.attribution.device_id import DeviceId
from exporter.attribution.failure import AttributionError, Reason
from exporter.holders import Holder


def claims(answer: bytes) -> tuple[Claim, ...]:
    """Which container has which device.

    Raises:
        AttributionError: the bytes are no answer to List.
    """
    message = wire.ListPodResourcesResponse()
    _read(message, answer)
    return tuple(
        Claim(
            holder=Holder(namespace=pod.namespace, pod=pod.name, container=container.name),
            device=device,
        )
        for pod in message.pod_resources
        for container in pod.containers
        for device in (
            *_plugin(container.devices),
            *_dynamic(container.dynamic_resources),
        )
    )


def allocatable(answer: bytes) -> tuple[DeviceId, ...]:
    """The devices that pods may get or have, those of device plugins only.

    Raises:
        AttributionError: the bytes are no answer to GetAllocatableResources.
    """
    message = wire.AllocatableResourcesResponse()
    _read(message, answer)
    return tuple(_plugin(message.devices))


def _read(message: Message, answer: bytes) -> None:
    try:
        message.ParseFromString(answer)
    except DecodeError as error:
        raise AttributionError(Reason.MALFORMED, f"the kubelet's answer: {error}") from error


def _plugin(devices: Iterable[wire.ContainerDevices]) -> Iterator[DeviceId]:
    for entry in devices:
        for name in entry.device_ids:
            yield DeviceId(resource=entry.resource_name, names=(name,))


def _dynamic(resources: Iterable[wire.DynamicResource]) -> Iterator[DeviceId]:
    """What was claimed: its CDI names say most, its own name is the next best."""
    for resource in resources:
        for claimed in resource.claim_resources:
            names = (*(device.name for device in claimed.cdi_devices), claimed.device_name)
            yield DeviceId(resource=claimed.driver_name, names=names, dynamic=True)
