"""Puts together what the sources say: who holds which part of which GPU, and how much of it is allocated. Pure.

The kubelet decides for the GPUs that it offers or has given away; where job files name jobs of such a GPU too (Slurm in
pods), its holders have both. Job files decide for the others, if there are any. Where neither does, the processes say who
is there, but not how much is allocated: a GPU without a process may be taken all the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from exporter.attribution.claim import KubeletAnswer
from exporter.attribution.contested import resolve
from exporter.attribution.device_id import DeviceId
from exporter.attribution.inventory import Device, Instance, Inventory, means_gpu, missing_gpu
from exporter.attribution.job_files import Jobs
from exporter.attribution.processes import Owners
from exporter.holders import Holder

Held = Mapping[Device, Collection[Holder]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What each source says now; None if it is not asked or has not answered lately.

    Attributes:
        claimed: GPUs that a pod once claimed (dynamic resource allocation): nobody lists those that none claims now.
    """

    kubelet: KubeletAnswer | None = None
    jobs: Jobs | None = None
    owners: Owners = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """One GPU.

    Attributes:
        holders: of the GPU as a whole (no instance) or of an instance.
        share: how much of it is allocated, 0 to 1; None if nobody knows.
    """

    holders: frozenset[tuple[Instance | None, Holder]] = frozenset()
    share: float | None = None


UNKNOWN = Allocation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All GPUs.

    Attributes:
        ambiguous: devices that the kubelet lists for several pods, of which not exactly one is seen to live.
        strange: devices that the kubelet names as GPUs and that are none of this node's.
        claimed: as in `Told`, with those of now.
        allocatable: the GPUs of which device plugins offer all or a part, those that this node does not find by their name.
    """

    allocations: Mapping[str, Allocation]
    ambiguous: frozenset[DeviceId] = frozenset()
    strange: frozenset[DeviceId] = frozenset()
    claimed: frozenset[str] = frozenset()
    allocatable: frozenset[str] = frozenset()


def decide(inventory: Inventory, told: Told) -> Decision:
    """Who holds what."""
    kubelet = _Kubelet(inventory, told)
    jobs = None if told.jobs is None else _job_holders(inventory, told.jobs)
    allocations = {}
    for uuid, instances in inventory.instances.items():
        if uuid in kubelet.offered:
            allocations[uuid] = kubelet.allocation(uuid, jobs or {})
        elif jobs is not None:
            whole = {Device(uuid=uuid), *(Device(uuid=uuid, instance=each) for each in instances)}
            held = {device: jobs[device] for device in whole if jobs.get(device)}
            allocations[uuid] = Allocation(holders=_rows(held), share=_share(whole, held))
        else:
            allocations[uuid] = Allocation(
                holders=_rows({Device(uuid=uuid): told.owners.get(uuid, ())})
            )
    return Decision(
        allocations=allocations,
        ambiguous=frozenset(kubelet.ambiguous),
        strange=frozenset(kubelet.strange),
        claimed=frozenset(kubelet.claimed),
        allocatable=frozenset(kubelet.allocatable),
    )


class _Kubelet:
    """What the kubelet's answer means on this node.

    Attributes:
        offered: the parts of each GPU that the kubelet gives to pods.
        allocatable: as in `Decision`.
    """

    def __init__(self, inventory: Inventory, told: Told) -> None:
        self.offered: defaultdict[str, set[Device]] = defaultdict(set)
        self.ambiguous: set[DeviceId] = set()
        self.strange: set[DeviceId] = set()
        self.claimed = set(told.claimed)
        self.allocatable: set[str] = set()
        self._held: defaultdict[Device, set[Holder]] = defaultdict(set)
        self._doubtful: set[str] = set()
        self._inventory = inventory
        self._owners = told.owners
        if told.kubelet:
            self._offer(told.kubelet)
            self._claim(told.kubelet)

    def allocation(self, uuid: str, jobs: Held) -> Allocation:
        held = {
            device: self._held[device] for device in self.offered[uuid] if device in self._held
        }
        rows = {device: _with_jobs(device, holders, jobs) for device, holders in held.items()}
        share = None if uuid in self._doubtful else _share(self.offered[uuid], held)
        return Allocation(holders=_rows(rows), share=share)

    def _offer(self, answer: KubeletAnswer) -> None:
        for name in answer.allocatable or ():
            found = self._inventory.find(name)
            for device in found:
                self.offered[device.uuid].add(device)
                self.allocatable.add(device.uuid)
            missing = None if found else missing_gpu(name)
            if missing:
                self.allocatable.add(missing)
        for uuid in self.claimed & self._inventory.instances.keys():
            self.offered[uuid].add(Device(uuid=uuid))

    def _claim(self, answer: KubeletAnswer) -> None:
        holders: defaultdict[DeviceId, set[Holder]] = defaultdict(set)
        for claim in answer.claims:
            holders[claim.device].add(claim.holder)
        for name, found in holders.items():
            places = self._inventory.find(name)
            if not places and means_gpu(name):
                self.strange.add(name)
            for device in places:
                self._hold(name, device, found)

    def _hold(self, name: DeviceId, device: Device, holders: set[Holder]) -> None:
        self.offered[device.uuid].add(device)
        if name.dynamic:
            self.claimed.add(device.uuid)
        living = resolve(name, holders, self._owners.get(device.uuid, ()))
        if living is None:
            self.ambiguous.add(name)
            self._doubtful.add(device.uuid)
        else:
            self._held[device] |= living


def _job_holders(inventory: Inventory, jobs: Jobs) -> Held:
    return {
        device: tuple(Holder(hpc_job=job) for job in ids)
        for (index, instance), ids in jobs.items()
        for device in inventory.at(index, instance)
    }


def _with_jobs(device: Device, holders: Iterable[Holder], jobs: Held) -> set[Holder]:
    """Each of *holders* with each job of the device, or as it is."""
    ids = [each.hpc_job for each in jobs.get(device) or jobs.get(Device(uuid=device.uuid), ())]
    return {replace(holder, hpc_job=job) for holder in holders for job in ids or ("",)}


def _rows(held: Held) -> frozenset[tuple[Instance | None, Holder]]:
    return frozenset(
        (device.instance, holder) for device, found in held.items() for holder in found
    )


def _share(offered: Collection[Device], held: Collection[Device]) -> float:
    """How much is allocated of the parts that can be, instances by their size."""
    if any(device.instance is None for device in held):
        return 1.0
    total = sum(device.instance.slices for device in offered if device.instance)
    return (
        sum(device.instance.slices for device in held if device.instance) / total if total else 0.0
    )
