"""Why a probe that was due did not run. A skip says nothing about the GPU's health."""

from enum import StrEnum


class Skip(StrEnum):
    """The closed list of reasons, in the order in which they are looked for."""

    DISABLED = "disabled"  # the operator switched it off
    RELEASED = "released"  # the exporter let go of the driver
    DRIVER_DOWN = "driver_down"
    LOST = "lost"
    HUNG = "hung"
    UNKNOWN = "unknown"  # what decides it cannot be read
    STARTING = "starting"  # the GPU was found less than two minutes ago
    CHILD_STUCK = "child_stuck"  # an earlier child on this GPU has not ended
    NO_PEER = "no_peer"  # there is no second GPU that may be probed
    PROHIBITED = "prohibited"  # compute mode: no process may use the GPU
    EXCLUSIVE = "exclusive"  # compute mode: one process may, and it must not be ours
    MPS = "mps"  # an MPS server owns the GPU
    MIG = "mig"  # MIG is on and there is no instance
    RECENT_XID = "recent_xid"
    THERMAL = "thermal"  # slowed down by heat
    POWER = "power"  # slowed down by the power brake, or at the power limit
    BUSY = "busy"  # somebody computes
    MEMORY = "memory"  # too little would be left for others
    BACK_OFF = "back_off"  # it ended in errors lately
    BUDGET = "budget"  # probes have used their share of the GPU's time
