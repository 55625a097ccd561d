"""Control groups as runtimes and schedulers write them, v1 and v2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution.cgroup import NOBODY, Group, read

UID = "0c2b6a5e-9c1d-4b7e-8f3a-1234567890ab"
UNDERSCORED = UID.replace("-", "_")
STATIC = "9f86d081884c7d659a2feaa0c55ad015"
ID = "3f4e" * 16
OUTER = "aa11" * 16
SLICE = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UNDERSCORED}.slice"


def v1(path: str) -> str:
    """Three hierarchies; in some a process may be at the root."""
    return f"12:devices:{path}\n4:memory:{path}\n1:name=systemd:/\n0::/\n"


@pytest.mark.parametrize(
    ("text", "group"),
    [
        (f"0::{SLICE}/cri-containerd-{ID}.scope", Group(pod_uid=UID, container_id=ID)),
        (f"0::{SLICE}/crio-{ID}.scope/container", Group(pod_uid=UID, container_id=ID)),
        (f"0::{SLICE}/docker-{ID}.scope", Group(pod_uid=UID, container_id=ID)),
        (f"0::/../..{SLICE}/cri-containerd-{ID}.scope", Group(pod_uid=UID, container_id=ID)),
        (v1(f"/kubepods/burstable/pod{UID}/{ID}"), Group(pod_uid=UID, container_id=ID)),
        (v1(f"/kubepods/pod{STATIC}/{ID}"), Group(pod_uid=STATIC, container_id=ID)),
        (
            v1(
                f"/system.slice/containerd.service/kubepods-pod{UNDERSCORED}.slice:cri-containerd:{ID}"
            ),
            Group(pod_uid=UID, container_id=ID),
        ),
        (
            f"0::/docker/{OUTER}/kubelet/kubepods/besteffort/pod{UID}/{ID}",
            Group(pod_uid=UID, container_id=ID),
        ),
        (f"0::/system.slice/docker-{ID}.scope", Group(container_id=ID)),
        (v1(f"/docker/{ID}"), Group(container_id=ID)),
        (f"0::/machine.slice/libpod-{ID}.scope/container", Group(container_id=ID)),
        (v1("/slurm/uid_1000/job_123/step_0/task_0"), Group(job="123")),
        (v1("/slurm_gpu01/uid_1000/job_123/step_batch"), Group(job="123")),
        ("0::/system.slice/slurmstepd.scope/job_4567/step_0/user/task_0", Group(job="4567")),
        ("0::/system.slice/gpu01_slurmstepd.scope/job_4567/step_0", Group(job="4567")),
        ("0::/user.slice/user-1000.slice/session-3.scope", NOBODY),
        ("0::/system.slice/myjob/job_12", NOBODY),
        ("0::/", NOBODY),
        ("", NOBODY),
    ],
)
def test_whose_a_process_is(text: str, group: Group) -> None:
    """Pod, container and job, each where the path has it."""
    assert read(text) == group


@given(st.text(alphabet="0123456789abcdef-_/.:podslurmjb\n", max_size=2000))
def test_any_text_is_read(text: str) -> None:
    """Whatever a runtime calls its groups, nothing breaks and nothing takes long."""
    read(text)
