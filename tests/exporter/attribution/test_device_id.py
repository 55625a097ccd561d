"""Every spelling of a device, by those who use it, and what it means on a node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution.device_id import DeviceId, spelled
from exporter.attribution.inventory import Inventory, means_gpu
from tests.exporter.attribution.node import BIG, INSTANCES, ONE, SMALL, ZERO, snapshot

GPU, DRA = "nvidia.com/gpu", "gpu.nvidia.com"
SLICED = Inventory(snapshot({ONE: INSTANCES}))


def meant(*names: str, resource: str = GPU) -> list[tuple[str, str]]:
    """The UUIDs of the GPU and of the instance that a device is."""
    found = SLICED.find(DeviceId(resource=resource, names=names))
    return [(device.uuid, device.instance.uuid if device.instance else "") for device in found]


@pytest.mark.parametrize(
    ("name", "resource", "gpu", "instance"),
    [
        (ZERO, GPU, ZERO, ""),
        (ZERO.lower(), GPU, ZERO, ""),
        (f"{ZERO}::3", GPU, ZERO, ""),
        (f"{ZERO}::3", "nvidia.com/gpu.shared", ZERO, ""),
        (f"{ZERO}-3", "example.com/vgpu", ZERO, ""),
        (SMALL, "nvidia.com/mig-1g.10gb", ONE, SMALL),
        (f"{SMALL}::0", "nvidia.com/mig-1g.10gb.shared", ONE, SMALL),
        (f"MIG-{ONE}/7/0", GPU, ONE, SMALL),
        ("nvidia0", GPU, ZERO, ""),
        ("nvidia0/vgpu2", GPU, ZERO, ""),
        ("nvidia1/gi1", GPU, ONE, BIG),
        ("nvidia1/gi1/vgpu0", GPU, ONE, BIG),
        ("0", GPU, ZERO, ""),
        ("0::2", GPU, ZERO, ""),
        ("gpu-0", DRA, ZERO, ""),
        ("gpu-1-mig-1g10gb-19-0", DRA, ONE, SMALL),
        ("gpu-1-mig-9-0-1", DRA, ONE, ""),
        (f"nvidia.com/gpu={ZERO}", DRA, ZERO, ""),
        ("k8s.gpu.nvidia.com/device=gpu-0", DRA, ZERO, ""),
        ("k8s.gpu.nvidia.com/claim=2f1c7d62-6c0f-4c3f-9a44-0123456789ab-gpu-0", DRA, ZERO, ""),
    ],
)
def test_what_a_name_means(name: str, resource: str, gpu: str, instance: str) -> None:
    """Device plugins, claims and the container device interface, plain, cut and shared."""
    assert meant(name, resource=resource) == [(gpu, instance)]


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("0", "rdma/hca_shared_devices_a"),
        ("0", "nvidia.com/rdma_shared"),
        ("nvidia0", "example.com/gpu"),
        ("0000:65:00.0", "nvidia.com/GA102GL_A10"),
        ("channel-0", "compute-domain.nvidia.com"),
        ("vgpu-0", DRA),
        ("", GPU),
        ("9" * 5000, GPU),
        ("٣", GPU),
    ],
)
def test_what_is_no_gpu(name: str, resource: str) -> None:
    """A number means a GPU in NVIDIA's GPU resources only, and other devices are no strangers either."""
    assert meant(name, resource=resource) == []


def test_a_gpu_of_another_node_is_a_stranger() -> None:
    """What is named as a GPU and not found can be told from what is none."""
    other = DeviceId(resource=GPU, names=("GPU-99999999-aaaa-bbbb-cccc-000000000000",))

    assert SLICED.find(other) == ()
    assert means_gpu(other)
    assert not means_gpu(DeviceId(resource=GPU, names=("channel-0",)))


def test_gke_counts_device_minors() -> None:
    """`nvidia1` is /dev/nvidia1, whatever index the driver has for it."""
    swapped = Inventory(snapshot(minors={ZERO: "1", ONE: "0"}))

    (found,) = swapped.find(DeviceId(resource=GPU, names=("nvidia1",)))

    assert found.uuid == ZERO


def test_the_most_exact_name_of_a_claim_counts() -> None:
    """The container device interface names the GPU, the claim only says which entry of a pool it is."""
    assert meant(f"nvidia.com/gpu={ONE}", "gpu-0", resource=DRA) == [(ONE, "")]


def test_all_compute_instances_of_a_gpu_instance() -> None:
    """GKE gives away GPU instances."""
    cut = (("1", "0", "1c.3g.40gb", SMALL), ("1", "1", "2c.3g.40gb", BIG))
    inventory = Inventory(snapshot({ONE: cut}))

    found = inventory.find(DeviceId(resource=GPU, names=("nvidia1/gi1",)))

    assert [device.instance.slices for device in found if device.instance] == [1, 2]


@given(st.text(max_size=200) | st.from_regex(r"(GPU-|MIG-|nvidia|gpu-)[0-9a-f/:g-]*"))
def test_any_text_is_a_name(name: str) -> None:
    """Whatever a plugin calls its devices, nothing breaks."""
    spelled(name)
