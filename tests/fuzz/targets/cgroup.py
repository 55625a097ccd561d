"""What `/proc/PID/cgroup` says of a process, which whoever started it had a hand in."""

from collections.abc import Iterator

from exporter.attribution import cgroup
from tests.fuzz.target import Target, text

_UID = "0f4a7e2b-1111-2222-3333-0123456789ab"
_ID = "0123456789abcdef" * 4


def one(data: bytes) -> None:
    """Some group."""
    cgroup.read(text(data))


def seeds() -> Iterator[bytes]:
    """Of each engine, and of Slurm."""
    tail = _UID.replace("-", "_")
    slice_ = f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{tail}.slice"
    yield f"0::/{slice_}/cri-containerd-{_ID}.scope\n".encode()
    yield f"12:memory:/kubepods/burstable/pod{_UID}/{_ID}\n3:cpu:/docker/{_ID}\n".encode()
    yield b"0::/system.slice/slurmstepd.scope/job_123/step_0/user/task_0\n4:cpuset:/slurm/uid_1000/job_9/step_0\n"


TARGET = Target(name="cgroup", one=one, seeds=seeds, share=30, longest=1024)
