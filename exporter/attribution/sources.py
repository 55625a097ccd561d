"""Which sources there are, by the configuration."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import ConfigError
from exporter.attribution import job_files
from exporter.attribution.claim import KubeletAnswer
from exporter.attribution.decision import Told
from exporter.attribution.job_files import Jobs
from exporter.attribution.processes import Owners, Pids, Processes
from exporter.attribution.source import Clocks, Source
from exporter.config import Config
from exporter.prometheus import Instruments

_SOCKET = "/var/lib/kubelet/pod-resources/kubelet.sock"
_PROCFS = "/proc"
_MINE = "nvml"
"""The source whose GPUs are this machine's: of a recording or a simulator nobody here knows anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Those that are asked."""

    kubelet: Source[KubeletAnswer] | None = None
    jobs: Source[Jobs] | None = None
    processes: Source[Owners] | None = None

    def all(self) -> Iterator[Source[KubeletAnswer] | Source[Jobs] | Source[Owners]]:
        for source in (self.kubelet, self.jobs, self.processes):
            if source is not None:
                yield source

    def told(self, claimed: frozenset[str]) -> Told:
        """What they say now."""
        return Told(
            kubelet=self.kubelet.current() if self.kubelet else None,
            jobs=self.jobs.current() if self.jobs else None,
            owners=(self.processes.current() if self.processes else None) or {},
            claimed=claimed,
        )


def open_sources(
    config: Config, pids: Callable[[], Pids], instruments: Instruments, clocks: Clocks
) -> Sources:
    """The sources that *config* names.

    Raises:
        ConfigError: the extra that the kubelet needs is not installed.
    """
    if config.attribution == "off":
        return Sources()
    return Sources(
        kubelet=_kubelet(config, instruments, clocks),
        jobs=_jobs(config, instruments, clocks),
        processes=_processes(config, pids, instruments, clocks),
    )


def _kubelet(
    config: Config, instruments: Instruments, clocks: Clocks
) -> Source[KubeletAnswer] | None:
    socket = config.pod_resources
    if not socket and config.source == _MINE and _there(Path(_SOCKET).parent):
        socket = _SOCKET
    if not socket:
        return None
    try:
        from exporter.attribution.kubelet_source import KubeletSource  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            f"pod_resources: asking the kubelet at {socket} needs {error.name}, which is not installed; "
            "pip install 'gpuvitals[kubernetes]', or set attribution to off"
        ) from error
    return Source("kubelet", KubeletSource(socket=socket).ask, instruments, clocks)


def _there(folder: Path) -> bool:
    """Whether *folder* is there, or may not be looked at, which the operator should hear of."""
    try:
        folder.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _jobs(config: Config, instruments: Instruments, clocks: Clocks) -> Source[Jobs] | None:
    folder = config.job_mapping_dir
    if not folder:
        return None

    async def ask() -> Jobs:
        return await asyncio.to_thread(job_files.read, folder)

    return Source("job_files", ask, instruments, clocks)


def _processes(
    config: Config, pids: Callable[[], Pids], instruments: Instruments, clocks: Clocks
) -> Source[Owners] | None:
    procfs = config.procfs or (_PROCFS if config.source == _MINE else "")
    if not procfs:
        return None
    reader = Processes(procfs=Path(procfs), pod_logs=Path(config.pod_logs))

    async def ask() -> Owners:
        return await asyncio.to_thread(reader.read, pids())

    return Source("processes", ask, instruments, clocks)
