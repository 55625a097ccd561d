"""What the control group of a process says of it: its pod, its container, its Slurm job. Control groups v1 and v2.

| who makes the group | path |
|---|---|
| kubelet, systemd driver | `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice/cri-containerd-ID.scope` |
| kubelet, cgroupfs driver | `/kubepods/burstable/podUID/ID` |
| containerd that disagrees with it | `/system.slice/containerd.service/kubepods-burstable-podUID.slice:cri-containerd:ID` |
| CRI-O, Docker, Podman | `crio-ID.scope`, `docker-ID.scope` or `/docker/ID`, `libpod-ID.scope/container` |
| Slurm, v1 and v2 | `/slurm/uid_1000/job_123/step_0`, `/system.slice/slurmstepd.scope/job_123/step_0/user/task_0` |
"""

import re
from dataclasses import dataclass

# systemd writes a pod's UID with underscores; that of a static pod has no dashes.
_POD = re.compile(
    r"[/-]pod([0-9a-f]{8}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{12})(?![0-9a-f])"
)
_CONTAINER = re.compile(r"(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])")
_JOB = re.compile(r"slurm[^/]*/(?:[^/]+/)*?job_(\d{1,20})(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Whose a process is; an empty text is not known.

    Attributes:
        pod_uid: as Kubernetes writes it.
        container_id: in full.
    """

    pod_uid: str = ""
    container_id: str = ""
    job: str = ""


NOBODY = Group()
"""A process of the host, or of our own container."""


def read(text: str) -> Group:
    """What `/proc/PID/cgroup` says; the innermost container counts, for there are nodes in containers."""
    found = NOBODY
    for line in text.splitlines():
        path = line.split(":", 2)[-1]
        found = Group(
            pod_uid=found.pod_uid or _last(_POD, path).replace("_", "-"),
            container_id=found.container_id or _last(_CONTAINER, path),
            job=found.job or _last(_JOB, path),
        )
    return found


def _last(pattern: re.Pattern[str], path: str) -> str:
    matches = pattern.findall(path)
    return str(matches[-1]) if matches else ""
