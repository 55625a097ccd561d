"""What each source gives to whom: `python -m benchmarks.privileges [--json]`, as root, on a machine with GPUs or without.

Every cell is tried for real by a process of that identity: `setpriv` takes user, groups and capabilities away, `unshare`
the sight of other processes. What a machine lacks is told as missing.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import DriverMissing, GpuVitalsError
from probes.collectors import COLLECTORS
from probes.driver import Device, Driver
from probes.kernel_log.device import Device as KernelLog
from probes.nvml import open_driver
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader

_NOBODY = 65534
_INTERVAL = 1.0
"""Seconds between two readings: some are averages since the one before."""
_LOGS = 4
"""The group `adm` of Debian, which owns log files there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks.

    Attributes:
        capabilities: the only ones, as setpriv writes them; None is all that the user has.
        sees_host: whether it shares the host's process ids.
    """

    name: str
    user: int = _NOBODY
    capabilities: str | None = "-all"
    sees_host: bool = False

    def command(self, *program: str) -> list[str]:
        """*program*, run as this identity."""
        hidden = () if self.sees_host else ("unshare", "--pid", "--fork", "--mount-proc")
        who = (f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--no-new-privs")
        # Ambient ones outlive the start of a program; those of root are made anew from what is left in the bound.
        kept = () if self.capabilities is None else _SETS
        sets = [f"--{which}={self.capabilities}" for which in kept]
        return [*hidden, "setpriv", *who, *sets, *program]


_SETS = ("inh-caps", "ambient-caps", "bounding-set")
IDENTITIES = (
    Identity(name="uid 65534"),
    Identity(name="+ CAP_SYSLOG", capabilities="-all,+syslog"),
    Identity(name="+ hostPID", capabilities="-all,+syslog", sees_host=True),
    Identity(name="uid 0, CAP_SYSLOG only", user=0, capabilities="-all,+syslog"),
    Identity(name="root", user=0, capabilities=None),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands for a node's files, each with the owner and mode that it has there."""

    folder: Path

    @property
    def log(self) -> Path:
        """`/var/log/kern.log`: root:adm 0640."""
        return self.folder / "kern.log"

    @property
    def kubelet(self) -> Path:
        """`/var/lib/kubelet/pod-resources`: root 0750, with a socket in it."""
        return self.folder / "pod-resources"

    @property
    def jobs(self) -> Path:
        """A job mapping folder: root 0755, as a prolog makes it."""
        return self.folder / "jobs"

    @property
    def state(self) -> Path:
        """A hostPath folder that kubelet made: root 0755."""
        return self.folder / "state"

    @property
    def owned(self) -> Path:
        """The same, given to uid 65534, as `fsGroup` or an init container does."""
        return self.folder / "owned"


def _nvml_readings(_stage: Stage) -> str:
    driver = open_driver()
    return "; ".join(_read(driver, device) for device in driver.devices()) or "no GPU is there"


def _read(driver: Driver, device: Device) -> str:
    gpu = NvmlGpu(driver, device, "")
    reader = Reader(gpu, gpu.asker, {}, time.monotonic)
    collectors = [collector for collector in COLLECTORS if collector.default]
    reader.read(collectors)
    time.sleep(_INTERVAL)
    outcome = reader.read(collectors)
    denied = sorted({name for name, reason in outcome.failures if reason == "no_permission"})
    text = f"GPU {device.index}: {len(outcome.samples)} samples"
    return f"{text}, denied in {', '.join(denied)}" if denied else text


def _nvml_events(_stage: Stage) -> str:
    driver = open_driver()
    driver.devices()
    driver.wait_event(0.1)
    return "registered, none in 0.1 s"


def _nvml_processes(_stage: Stage) -> str:
    driver = open_driver()
    gpus = [NvmlGpu(driver, device, "") for device in driver.devices()]
    return "; ".join(f"GPU {gpu.identity.index}: {_count(gpu)}" for gpu in gpus)


def _count(gpu: NvmlGpu) -> str:
    found = gpu.compute_processes()
    return "nobody can tell" if found is None else f"{len(found)} compute processes"


def _kernel_log(_stage: Stage) -> str:
    device = KernelLog.open(Path("/dev/kmsg"))
    return f"{len(device.chunk().lines)} records"


def _log_file(stage: Stage) -> str:
    return f"{len(stage.log.read_text())} characters"


def _pod_resources(stage: Stage) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(stage.kubelet / "kubelet.sock"))
    return "connected"


def _processes(_stage: Stage) -> str:
    others = [path for path in Path("/proc").iterdir() if path.name.isdecimal()]
    groups = [text for path in others if (text := _group(path)) is not None]
    return f"{len(groups)} of {len(others)} visible processes tell their control group"


def _group(process: Path) -> str | None:
    try:
        return (process / "cgroup").read_text()
    except OSError:
        return None


def _jobs(stage: Stage) -> str:
    return f"{len(list(stage.jobs.iterdir()))} file"


def _state(stage: Stage) -> str:
    (stage.state / f"probe-{os.getuid()}").write_text("")
    return "writable"


def _owned(stage: Stage) -> str:
    (stage.owned / f"probe-{os.getuid()}").write_text("")
    return "writable"


SOURCES: Mapping[str, Callable[[Stage], str]] = {
    "NVML readings": _nvml_readings,
    "NVML events": _nvml_events,
    "NVML processes": _nvml_processes,
    "/dev/kmsg": _kernel_log,
    "log file, root:adm 0640": _log_file,
    "pod-resources socket in a root 0750 folder": _pod_resources,
    "/proc/PID/cgroup": _processes,
    "job mapping folder, root 0755": _jobs,
    "state folder of root, 0755": _state,
    "state folder of uid 65534": _owned,
}


@contextmanager
def staged() -> Iterator[Stage]:
    """The files, with a listening socket, until the end."""
    with tempfile.TemporaryDirectory(prefix="privileges-") as name:
        stage = Stage(Path(name))
        stage.folder.chmod(0o755)
        stage.log.write_text("NVRM: \n")
        os.chown(stage.log, 0, _LOGS)
        stage.log.chmod(0o640)
        for folder, mode in ((stage.kubelet, 0o750), (stage.jobs, 0o755), (stage.state, 0o755)):
            folder.mkdir()
            folder.chmod(mode)
        (stage.jobs / "0").write_text("1234\n")
        stage.owned.mkdir(mode=0o700)
        os.chown(stage.owned, _NOBODY, _NOBODY)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(stage.kubelet / "kubelet.sock"))
            server.listen(16)
            yield stage


def tried(folder: str) -> dict[str, str]:
    """Every source as whoever runs this process."""
    return {name: _outcome(source, Stage(Path(folder))) for name, source in SOURCES.items()}


def _outcome(source: Callable[[Stage], str], stage: Stage) -> str:
    try:
        return f"works: {source(stage)}"
    except FileNotFoundError as error:
        return f"missing here: {error.filename}"
    except DriverMissing:
        return "missing here: no NVIDIA driver"
    except PermissionError as error:
        return f"refused: {error.strerror}"
    except (OSError, GpuVitalsError) as error:
        return f"fails: {error}"


def _table() -> dict[str, dict[str, str]]:
    """By identity, then by source."""
    with staged() as stage:
        return {who.name: _asked(who, stage) for who in IDENTITIES}


def _asked(who: Identity, stage: Stage) -> dict[str, str]:
    program = (sys.executable, "-m", "benchmarks.privileges", "--as-this-user", str(stage.folder))
    try:
        done = subprocess.run(who.command(*program), capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return dict.fromkeys(SOURCES, f"not tried: {error.filename} is missing")
    if done.returncode:
        return dict.fromkeys(SOURCES, f"not tried: {done.stderr.strip().rpartition(chr(10))[2]}")
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


def _markdown(table: Mapping[str, Mapping[str, str]]) -> str:
    lines = [f"| source | {' | '.join(table)} |", f"|---|{'---|' * len(table)}"]
    for source in SOURCES:
        cells = (answers[source] for answers in table.values())
        lines.append(f"| {source} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """2 if it cannot try."""
    if arguments[:1] == ["--as-this-user"]:
        print(json.dumps(tried(arguments[1])))
        return 0
    if os.geteuid() != 0:
        print("only root can become all the others: run it as root", file=sys.stderr)
        return 2
    table = _table()
    print(json.dumps(table, indent=2) if "--json" in arguments else _markdown(table))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
