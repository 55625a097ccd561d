"""Whose the processes on the GPUs are, by `/proc`. Pids of NVML are the host's: in a pod this needs `hostPID: true`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.attribution import cgroup
from exporter.attribution.cgroup import NOBODY, Group
from exporter.attribution.failure import AttributionError, Reason
from exporter.holders import Holder

_LONGEST = 65_536
_SHORT = 12
"""Digits of a container's id that container engines show."""

Pids = Mapping[str, tuple[int, ...]]
"""By the GPU's UUID."""
Owners = Mapping[str, tuple[Holder, ...]]
"""Whose processes are on a GPU, by its UUID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """Reads one machine's processes.

    Attributes:
        procfs: where `/proc` of the host is.
        pod_logs: `/var/log/pods`, whose folders `NAMESPACE_POD_UID` say which pod has which UID.
    """

    procfs: Path
    pod_logs: Path

    def read(self, pids: Pids) -> Owners:
        """Whose the processes on each GPU are, those that can be told.

        Raises:
            AttributionError: the processes may not be looked at.
        """
        groups = {uuid: {self._group(pid) for pid in found} for uuid, found in pids.items()}
        pods = self._pods(group for found in groups.values() for group in found)
        return {
            uuid: tuple(sorted(_holder(group, pods) for group in found if group != NOBODY))
            for uuid, found in groups.items()
        }

    def _group(self, pid: int) -> Group:
        path = self.procfs / str(pid) / "cgroup"
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                return cgroup.read(file.read(_LONGEST))
        except PermissionError as error:
            raise AttributionError(Reason.DENIED, f"{path}: {error.strerror}") from error
        except OSError:
            return NOBODY  # It has ended, or is not of our pid namespace.

    def _pods(self, groups: Iterable[Group]) -> Mapping[str, tuple[str, str]]:
        """Namespace and name of each pod, by UID; nothing if nobody asks or the folder is not mounted."""
        if not any(group.pod_uid for group in groups):
            return {}
        try:
            names = [folder.name.split("_") for folder in self.pod_logs.iterdir()]
        except OSError:
            return {}
        return {name[2]: (name[0], name[1]) for name in names if len(name) == 3}


def _holder(group: Group, pods: Mapping[str, tuple[str, str]]) -> Holder:
    namespace, pod = pods.get(group.pod_uid, ("", ""))
    return Holder(
        namespace=namespace,
        pod=pod or group.pod_uid,
        container=group.container_id[:_SHORT],
        hpc_job=group.job,
    )
