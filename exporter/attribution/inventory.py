"""The GPUs and MIG instances of this node, found by whatever name a device plugin uses."""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.metrics import mig, state
from catalog.snapshot import GpuView, Snapshot
from exporter.attribution.device_id import DeviceId, Spelled, spelled

_MINOR = state.INFO.labels.index("minor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A MIG compute instance."""

    gpu_instance_id: str
    compute_instance_id: str
    profile: str
    uuid: str

    def labels(self) -> tuple[str, ...]:
        """In the order of `catalog.metrics.allocation.INSTANCE`."""
        return self.gpu_instance_id, self.compute_instance_id, self.profile

    @property
    def slices(self) -> int:
        """How many of the GPU's compute slices it has: 2 of `2g.20gb`, 1 of `1c.2g.20gb`."""
        number, unit = self.profile[:1], self.profile[1:2]
        return int(number) if number in set("1234567") and unit in set("cg") else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A GPU, or one of its MIG instances; a part that cannot be told is the GPU."""

    uuid: str
    instance: Instance | None = None


class Inventory:
    """What a snapshot knows; made anew when the snapshot's GPUs or instances change."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.instances: dict[str, tuple[Instance, ...]] = {}
        self._by_uuid: dict[str, Device] = {}
        self._by_minor: dict[int, str] = {}
        self._by_index: dict[int, str] = {}
        for uuid, view in snapshot.gpus.items():
            self._by_uuid[uuid] = Device(uuid=uuid)
            self._by_minor[_minor(view)] = uuid
            self._by_index[view.identity.index] = uuid
            self.instances[uuid] = tuple(_instances(view))
            for instance in self.instances[uuid]:
                self._by_uuid[instance.uuid] = Device(uuid=uuid, instance=instance)

    def find(self, device: DeviceId) -> tuple[Device, ...]:
        """What *device* means: one GPU, one instance, or all compute instances of a GPU instance; nothing if unknown."""
        for said in _said(device):
            meant = self._meant(said)
            if meant:
                return meant
        return ()

    def at(self, index: int, gpu_instance_id: int | None = None) -> tuple[Device, ...]:
        """The GPU that the driver has at *index*, or its instances."""
        return self._meant(Spelled(index=index, gi=gpu_instance_id))

    def _meant(self, said: Spelled) -> tuple[Device, ...]:
        device = self._by_uuid.get(said.uuid or self._numbered(said) or "")
        if device is None or device.instance:
            return () if device is None else (device,)
        if said.gi is not None:
            return tuple(
                Device(uuid=device.uuid, instance=instance)
                for instance in self.instances[device.uuid]
                if instance.gpu_instance_id == str(said.gi)
                and said.ci in (None, int(instance.compute_instance_id))
            )
        if said.profile is not None:
            return (self._sized(device, said.profile),)
        return (device,)

    def _numbered(self, said: Spelled) -> str | None:
        if said.minor is not None:
            return self._by_minor.get(said.minor)
        return None if said.index is None else self._by_index.get(said.index)

    def _sized(self, device: Device, profile: str) -> Device:
        """The only instance of a size; of several, NVML does not tell which lies where."""
        plain = profile.replace(".", "").lower()
        sized = [
            instance
            for instance in self.instances[device.uuid]
            if plain.partition("-")[0] == instance.profile.replace(".", "").lower()
        ]
        return Device(uuid=device.uuid, instance=sized[0]) if len(sized) == 1 else device


def means_gpu(device: DeviceId) -> bool:
    """Whether *device* is named as a GPU or a part of one, of whichever node."""
    return any(True for _ in _said(device))


def missing_gpu(device: DeviceId) -> str | None:
    """One name for a GPU that this node does not find, however it is shared; None if it may be a part of a GPU that it does."""
    for said in _said(device):
        if said.uuid is not None:
            return said.uuid if said.uuid.startswith("GPU-") else None
        if said.gi is None and said.profile is None:
            return f"minor {said.minor}" if said.index is None else f"index {said.index}"
    return None


def _said(device: DeviceId) -> Iterator[Spelled]:
    """What its names say; a number that another kind of device may have is not believed."""
    for name in device.names:
        said = spelled(name)
        if said is not None and (device.gpus or not said.numbered):
            yield said


def _minor(view: GpuView) -> int:
    """The number of the GPU's device file; most often the driver's index."""
    told = next(iter(view.labelled(state.INFO)), None)
    return int(told[_MINOR]) if told and told[_MINOR].isdecimal() else view.identity.index


def _instances(view: GpuView) -> Iterator[Instance]:
    """Those that were last read, also of a GPU that does not answer now: pods go on holding them."""
    told = (series for reading in view.readings.values() for series in reading.layout.series)
    for labels in (own for metric, own in told if metric is mig.INSTANCE_INFO):
        named = dict(zip(mig.INSTANCE_INFO.labels, labels, strict=True))
        yield Instance(
            gpu_instance_id=named["gpu_instance_id"],
            compute_instance_id=named["compute_instance_id"],
            profile=named["profile"],
            uuid=named["mig_uuid"],
        )
