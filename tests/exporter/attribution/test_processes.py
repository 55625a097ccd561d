"""Whose the processes on the GPUs are, in a /proc made for the test."""

import os
from pathlib import Path

import pytest

from exporter.attribution.failure import AttributionError, Reason
from exporter.attribution.processes import Processes
from exporter.holders import Holder
from tests.exporter.attribution.node import ONE, ZERO

UID = "0c2b6a5e-9c1d-4b7e-8f3a-1234567890ab"
ID = "3f4e" * 16


@pytest.fixture
def machine(tmp_path: Path) -> Processes:
    """A machine without processes."""
    return Processes(procfs=tmp_path / "proc", pod_logs=tmp_path / "pods")


def run(machine: Processes, pid: int, cgroup: str) -> Path:
    """A process begins."""
    path = machine.procfs / str(pid) / "cgroup"
    path.parent.mkdir(parents=True)
    path.write_text(cgroup)
    return path


def test_a_pod_by_its_log_folder(machine: Processes) -> None:
    """The kubelet names the folder of a pod's logs by namespace, name and UID."""
    run(machine, 42, f"0::/kubepods/pod{UID}/{ID}\n")
    (machine.pod_logs / f"ml_train-0_{UID}").mkdir(parents=True)
    (machine.pod_logs / "something else").mkdir()

    told = machine.read({ZERO: (42,)})

    assert told == {ZERO: (Holder(namespace="ml", pod="train-0", container=ID[:12]),)}


def test_a_pod_whose_logs_are_not_mounted(machine: Processes) -> None:
    """It has a UID and no name."""
    run(machine, 42, f"0::/kubepods/pod{UID}/{ID}\n")

    assert machine.read({ZERO: (42,)}) == {ZERO: (Holder(pod=UID, container=ID[:12]),)}


def test_jobs_and_containers(machine: Processes) -> None:
    """Each once, in order, by GPU; those of the host are nobody's."""
    run(machine, 1, "0::/init.scope\n")
    run(machine, 2, "0::/system.slice/slurmstepd.scope/job_17/step_0\n")
    run(machine, 3, "0::/system.slice/slurmstepd.scope/job_17/step_1\n")
    run(machine, 4, f"0::/docker/{ID}\n")

    told = machine.read({ZERO: (1, 2, 3), ONE: (4, 1)})

    assert told == {ZERO: (Holder(hpc_job="17"),), ONE: (Holder(container=ID[:12]),)}


def test_pids_that_are_not_here(machine: Processes) -> None:
    """Without hostPID, or when a process has ended."""
    assert machine.read({ZERO: (4242,)}) == {ZERO: ()}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look at everything")
def test_a_process_that_may_not_be_looked_at(machine: Processes) -> None:
    """A hidden /proc is a failure with its reason."""
    run(machine, 42, "").chmod(0)

    with pytest.raises(AttributionError) as caught:
        machine.read({ZERO: (42,)})

    assert caught.value.reason is Reason.DENIED
