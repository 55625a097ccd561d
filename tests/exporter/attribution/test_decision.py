"""Who holds what, from what kubelet, job files and processes say."""

from collections.abc import Mapping, Sequence

import pytest

from catalog.snapshot import Snapshot
from exporter.attribution import answers, decision
from exporter.attribution.claim import KubeletAnswer
from exporter.attribution.decision import Decision, Told
from exporter.attribution.inventory import Inventory
from exporter.attribution.job_files import Jobs
from exporter.attribution.podresources_pb2 import (
    AllocatableResourcesResponse,
    ContainerDevices,
    ListPodResourcesResponse,
)
from exporter.holders import Holder
from tests.exporter.attribution.kubelet import Pod, claimed, devices, pod
from tests.exporter.attribution.node import BIG, INSTANCES, ONE, SMALL, ZERO, snapshot

PLAIN, SLICED = snapshot(), snapshot({ONE: INSTANCES})
BOTH = (devices(ZERO, ONE),)
MISSING = "GPU-00000000-aaaa-bbbb-cccc-000000000002"


def said(*pods: Pod, allocatable: Sequence[ContainerDevices] | None = BOTH) -> KubeletAnswer:
    """A kubelet's answer, through its bytes."""
    listed = ListPodResourcesResponse(pod_resources=pods).SerializeToString()
    offered = AllocatableResourcesResponse(devices=allocatable or ()).SerializeToString()
    return KubeletAnswer(
        claims=answers.claims(listed),
        allocatable=None if allocatable is None else answers.allocatable(offered),
    )


def decide(
    kubelet: KubeletAnswer | None = None,
    jobs: Jobs | None = None,
    owners: Mapping[str, tuple[Holder, ...]] | None = None,
    node: Snapshot = PLAIN,
) -> Decision:
    told = Told(kubelet=kubelet, jobs=jobs, owners=owners or {})
    return decision.decide(Inventory(node), told)


def held(decided: Decision, uuid: str) -> set[str]:
    """Who holds a GPU, as namespace/pod/container/job, the instance before it."""
    return {
        (f"{instance.uuid} " if instance else "") + "/".join(holder.values())
        for instance, holder in decided.allocations[uuid].holders
    }


def share(decided: Decision, uuid: str) -> float | None:
    return decided.allocations[uuid].share


def test_free_is_offered_less_listed() -> None:
    """A GPU that no pod has is free; one that a pod has is its."""
    decided = decide(said(pod("train-0", ZERO), pod("web-0")))

    assert held(decided, ZERO) == {"ml/train-0/main/"}
    assert (share(decided, ZERO), share(decided, ONE)) == (1.0, 0.0)


def test_what_the_kubelet_does_not_offer_is_not_free() -> None:
    """A GPU that is unhealthy or none of the plugin's is unknown, and so is all if the kubelet cannot tell."""
    part = decide(said(allocatable=[devices(ZERO)]))
    mute = decide(said(pod("train-0", ZERO), allocatable=None))

    assert (share(part, ZERO), share(part, ONE)) == (0.0, None)
    assert (share(mute, ZERO), share(mute, ONE)) == (1.0, None)


@pytest.mark.parametrize(
    ("offered", "count"),
    [
        (devices(ZERO, ONE), 2),
        (devices(f"{ZERO}::0", f"{ZERO}::1"), 1),
        (devices(SMALL, BIG, resource="nvidia.com/mig-1g.10gb"), 1),
        (devices(ZERO, ONE, MISSING), 3),
        (devices("nvidia0", "nvidia1", "nvidia2", "nvidia2/vgpu1"), 3),
        (devices("MIG-00000000-aaaa-bbbb-cccc-000000000099"), 0),
        (devices("0", "1", resource="example.com/nic"), 0),
    ],
    ids=["whole", "shared", "cut", "missing", "by number", "unknown instance", "no GPU"],
)
def test_gpus_that_are_handed_out_are_counted(offered: ContainerDevices, count: int) -> None:
    """Each GPU once, however it is shared or cut; one that the driver does not find, too; nothing that may be no GPU."""
    decided = decide(said(allocatable=[offered]), node=SLICED)

    assert len(decided.allocatable) == count


def test_a_shared_gpu_has_all_its_holders() -> None:
    """Replicas of time slicing or MPS: several pods, the GPU is taken, nobody is ambiguous."""
    decided = decide(
        said(
            pod("a", f"{ZERO}::0", f"{ZERO}::1"),
            pod("b", f"{ZERO}::2"),
            allocatable=[devices(*(f"{ZERO}::{replica}" for replica in range(4)))],
        )
    )

    assert held(decided, ZERO) == {"ml/a/main/", "ml/b/main/"}
    assert share(decided, ZERO) == 1.0
    assert not decided.ambiguous


def test_mig_instances_share_their_gpu_by_size() -> None:
    """A 3g instance that is taken and a 1g instance that is free: three quarters."""
    decided = decide(
        said(
            pod("a", BIG, resource="nvidia.com/mig-3g.40gb"),
            allocatable=[
                devices(SMALL, resource="nvidia.com/mig-1g.10gb"),
                devices(BIG, resource="nvidia.com/mig-3g.40gb"),
            ],
        ),
        node=SLICED,
    )

    assert held(decided, ONE) == {f"{BIG} ml/a/main/"}
    assert share(decided, ONE) == 0.75


def test_a_claimed_gpu() -> None:
    """Dynamic resource allocation: several pods may have one claim, and a GPU once claimed is free later."""
    both = decide(said(claimed("a", "gpu-0"), claimed("b", "gpu-0"), allocatable=()))
    told = Told(kubelet=said(allocatable=()), claimed=both.claimed)
    later = decision.decide(Inventory(PLAIN), told)

    assert held(both, ZERO) == {"ml/a/main/", "ml/b/main/"}
    assert (share(both, ZERO), share(both, ONE)) == (1.0, None)
    assert not both.ambiguous
    assert (share(later, ZERO), share(later, ONE)) == (0.0, None)


FINISHED = said(pod("done", ZERO), pod("live", ZERO))


def test_of_two_pods_the_one_whose_process_is_on_the_gpu() -> None:
    """Before Kubernetes 1.34 a pod that has finished is listed on."""
    owners = {ZERO: (Holder(namespace="ml", pod="live", container="3f4e3f4e3f4e"),)}

    decided = decide(FINISHED, owners=owners)

    assert held(decided, ZERO) == {"ml/live/main/"}
    assert share(decided, ZERO) == 1.0
    assert not decided.ambiguous


@pytest.mark.parametrize(
    "pods",
    [(), ("done", "live"), ("other",)],
    ids=["no process", "processes of both", "a process of neither"],
)
def test_else_nobody_is_shown(pods: tuple[str, ...]) -> None:
    """An ambiguous device is counted, has no holder, and its GPU is neither free nor allocated."""
    owners = {ZERO: tuple(Holder(namespace="ml", pod=name) for name in pods)}

    decided = decide(FINISHED, owners=owners)

    assert held(decided, ZERO) == set()
    assert share(decided, ZERO) is None
    assert [device.names for device in decided.ambiguous] == [(ZERO,)]


def test_two_containers_of_a_pod_are_no_contest() -> None:
    """A sidecar may have the GPU of its pod."""
    decided = decide(said(pod("a", ZERO), pod("a", ZERO, container="sidecar")))

    assert held(decided, ZERO) == {"ml/a/main/", "ml/a/sidecar/"}


def test_devices_of_nobody_are_counted() -> None:
    """A GPU that was lost, or instances that were cut anew since the pod began."""
    stranger = SMALL.replace("0011", "0099")
    decided = decide(said(pod("a", stranger), pod("b", "mlx5_0", resource="rdma/hca")))

    assert [device.names for device in decided.strange] == [(stranger,)]


def test_job_files_decide_where_the_kubelet_does_not() -> None:
    """A file with jobs takes the GPU; an empty or a missing one leaves it free."""
    decided = decide(jobs={(0, None): ("17", "18"), (9, None): ("99",)})

    assert held(decided, ZERO) == {"///17", "///18"}
    assert (share(decided, ZERO), share(decided, ONE)) == (1.0, 0.0)


def test_jobs_of_instances() -> None:
    """A file per GPU instance."""
    decided = decide(jobs={(1, 7): ("17",)}, node=SLICED)

    assert held(decided, ONE) == {f"{SMALL} ///17"}
    assert share(decided, ONE) == 0.25


def test_jobs_in_pods() -> None:
    """Slurm in Kubernetes: the pod has the GPU, the job runs in the pod."""
    decided = decide(said(pod("slurmd-0", ZERO, ONE)), {(0, None): ("17",)})

    assert held(decided, ZERO) == {"ml/slurmd-0/main/17"}
    assert held(decided, ONE) == {"ml/slurmd-0/main/"}


def test_processes_tell_who_and_not_how_much() -> None:
    """Without kubelet and job files: whose the processes are, and no word on what is free."""
    owners = {ZERO: (Holder(hpc_job="17"), Holder(container="3f4e3f4e3f4e"))}

    decided = decide(owners=owners)

    assert held(decided, ZERO) == {"///17", "//3f4e3f4e3f4e/"}
    assert (share(decided, ZERO), share(decided, ONE)) == (None, None)


def test_a_process_does_not_take_a_gpu_that_the_kubelet_offers() -> None:
    """Monitoring sees every GPU and holds none."""
    decided = decide(said(), owners={ZERO: (Holder(namespace="gpu-operator", pod="dcgm"),)})

    assert held(decided, ZERO) == set()
    assert share(decided, ZERO) == 0.0
