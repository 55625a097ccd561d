"""Which sources an exporter asks, by its configuration."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.attribution.source import Clocks
from exporter.attribution.sources import Sources, open_sources
from exporter.config import Config
from exporter.prometheus import Instruments

NOWHERE = Path("/var/lib/kubelet/pod-resources")


def opened(**settings: str) -> Sources:
    """The sources of a configuration."""
    config = replace(Config(source="sim"), **settings)  # type: ignore[arg-type] # texts all
    clocks = Clocks(wall=lambda: 0.0, steady=lambda: 0.0)
    return open_sources(config, dict, Instruments(), clocks)


def names(sources: Sources) -> set[str]:
    fields = {"kubelet": sources.kubelet, "jobs": sources.jobs, "processes": sources.processes}
    return {name for name, source in fields.items() if source}


def test_simulated_gpus_are_nobodys_here() -> None:
    """This machine's kubelet and processes have nothing to do with a recording or a simulator, unless the operator says so."""
    assert names(opened()) == set()
    assert names(opened(source="replay:x")) == set()
    assert names(opened(procfs="/proc", job_mapping_dir="/jobs")) == {"jobs", "processes"}
    assert names(opened(pod_resources="/run/kubelet.sock")) == {"kubelet"}


@pytest.mark.skipif(NOWHERE.exists(), reason="there is a kubelet")
def test_this_machines_gpus() -> None:
    """Its processes are looked at, and its kubelet is asked if there is one."""
    assert names(opened(source="nvml")) == {"processes"}


def test_off() -> None:
    """Nobody is asked."""
    assert names(opened(source="nvml", attribution="off", pod_resources="/x")) == set()


_WITHOUT = "import sys; sys.modules['grpclib'] = None; from gpuvitals.cli import entry; entry()"


def test_a_missing_extra(tmp_path: Path) -> None:
    """One line that says what is missing, for what, and how to have it."""
    arguments = ("serve", "--source", "sim", "--state-dir", str(tmp_path), "--listen", ":0")
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, *arguments, "--pod-resources", "/run/kubelet.sock"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "/run/kubelet.sock needs grpclib" in line
    assert "pip install 'gpuvitals[kubernetes]'" in line
