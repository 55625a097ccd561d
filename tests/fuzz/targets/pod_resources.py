"""What a kubelet answers, List and GetAllocatableResources in one, down to who holds which GPU."""

from collections.abc import Iterator

from exporter.attribution import answers, decision
from exporter.attribution.claim import KubeletAnswer
from exporter.attribution.decision import Told
from exporter.attribution.inventory import Inventory
from exporter.attribution.podresources_pb2 import (
    AllocatableResourcesResponse,
    ListPodResourcesResponse,
)
from exporter.holders import Holder
from tests.exporter.attribution.kubelet import claimed, devices, pod
from tests.exporter.attribution.node import INSTANCES, ONE, SMALL, ZERO, snapshot
from tests.fuzz.target import Target, refusal_allowed

_NODE = Inventory(snapshot({ONE: INSTANCES}))
_OWNERS = {ZERO: (Holder(namespace="default", pod="train-0"),)}
_JOBS = {(0, None): ("1234",), (1, 7): ("5",)}
_BETWEEN = b"\xff\xff\xff"
"""Between the two answers; the beginning of no field."""


def one(data: bytes) -> None:
    """A decision, or one error of ours."""
    listed, _, offered = data.partition(_BETWEEN)
    with refusal_allowed():
        told = KubeletAnswer(
            claims=answers.claims(listed), allocatable=answers.allocatable(offered)
        )
        decision.decide(_NODE, Told(kubelet=told, jobs=_JOBS, owners=_OWNERS))


def seeds() -> Iterator[bytes]:
    """Pods with GPUs, instances, replicas, claims, and without."""
    for pods in (
        (pod("train-0", ZERO), pod("web-0")),
        (pod("a", SMALL), pod("b", ZERO + "::3"), pod("c", ZERO + "::3")),
        (pod("a", "nvidia1/gi7/vgpu3"), pod("b", "MIG-" + ZERO + "/1/0")),
        (claimed("a", "gpu-0-mig-1g10gb-19-0"), claimed("b", "k8s.gpu.nvidia.com/claim=x-gpu-1")),
    ):
        listed = ListPodResourcesResponse(pod_resources=pods).SerializeToString()
        offered = AllocatableResourcesResponse(devices=(devices(ZERO, ONE),)).SerializeToString()
        yield listed + _BETWEEN + offered


TARGET = Target(name="pod_resources", one=one, seeds=seeds, share=50)
