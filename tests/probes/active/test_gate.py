"""Each reason for which a probe does not run, and that nothing else stops it."""

from dataclasses import replace
from typing import Any

import pytest

from catalog.probe_skip import Skip
from probes.active.facts import Facts, facts
from probes.active.gate import Moment, refusal, unfit
from probes.active.pace import Pace
from probes.active.task import BY_NAME, GIB
from probes.sim.workload import Profile
from tests.probes.active.gpus import NOW, view

A, B = BY_NAME["kernel-latency"], BY_NAME["memory-bandwidth"]
FREE = facts(view())
CALM = Moment(wall=NOW, known_for=3600.0, paused_for=0.0, budget=2.0, cost=0.5, stuck=False)


def test_an_idle_gpu_may_be_probed() -> None:
    """Nothing speaks against either class."""
    assert refusal(A, FREE, CALM, Pace()) is None
    assert refusal(B, FREE, CALM, Pace()) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "unknown", "reason": "released"}, Skip.RELEASED),
        ({"state": "unknown", "reason": "reader_restarting"}, Skip.UNKNOWN),
        ({"state": "lost"}, Skip.LOST),
        ({"state": "hung"}, Skip.HUNG),
        ({"compute_mode": "prohibited"}, Skip.PROHIBITED),
        ({"compute_mode": "exclusive_process"}, Skip.EXCLUSIVE),
        ({"mps": 1.0}, Skip.MPS),
        ({"mig": True}, Skip.MIG),
        ({"xid_at": NOW - 60}, Skip.RECENT_XID),
        ({"thermal": True}, Skip.THERMAL),
        ({"braked": True}, Skip.POWER),
        ({"free": 4 * GIB + 1.0}, Skip.MEMORY),
        ({"free": None}, Skip.UNKNOWN),
    ],
)
def test_what_stops_both_classes(change: dict[str, Any], reason: Skip) -> None:
    """The GPU is not there, must not be used, or is not well."""
    found = replace(FREE, **change)

    assert refusal(A, found, CALM, Pace()) is reason
    assert refusal(B, found, CALM, Pace()) is reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"compute": 1.0}, Skip.BUSY),
        ({"compute": None}, Skip.UNKNOWN),
        ({"capped": True}, Skip.POWER),
    ],
)
def test_what_stops_class_b_alone(change: dict[str, Any], reason: Skip) -> None:
    """A tenant keeps the large probes away and not the small ones."""
    found = replace(FREE, **change)

    assert refusal(A, found, CALM, Pace()) is None
    assert refusal(B, found, CALM, Pace()) is reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"known_for": 119.0}, Skip.STARTING),
        ({"stuck": True}, Skip.CHILD_STUCK),
        ({"paused_for": 1.0}, Skip.BACK_OFF),
        ({"budget": 0.4}, Skip.BUDGET),
    ],
)
def test_what_the_prober_itself_stops(change: dict[str, Any], reason: Skip) -> None:
    """It is too early, a child is stuck, errors came before, or the GPU-seconds are spent."""
    assert refusal(A, FREE, replace(CALM, **change), Pace()) is reason


def test_an_old_xid_is_forgiven() -> None:
    """Ten minutes later the probes are what finds out."""
    assert refusal(A, replace(FREE, xid_at=NOW - 601), CALM, Pace()) is None


def test_a_training_gpu_is_busy_and_not_unwell() -> None:
    """The simulator's training load keeps class B away for the right reason."""
    found = facts(view(workload=Profile.TRAINING))

    assert unfit(A, found, NOW, Pace()) is None
    assert unfit(B, found, NOW, Pace()) in (Skip.BUSY, Skip.POWER)


def test_under_mig_the_instance_is_what_counts() -> None:
    """Memory is that of the instance, and its UUID is what the child is to choose."""
    found: Facts = facts(view("H100", mig=True))

    assert found.mig
    assert found.instance.startswith("MIG-")
    assert (found.total or 0) < 12 * GIB
