"""What the gate looks at: one GPU as its newest readings show it."""

from dataclasses import dataclass

from catalog.metrics import clocks, ecc, events, memory, mig, modes, power, processes, state
from catalog.snapshot import GpuView

_THERMAL = frozenset(("hw_thermal_slowdown", "sw_thermal_slowdown"))
_POWER = frozenset(("hw_power_brake_slowdown",))
_CAP = "sw_power_cap"
_SLOWDOWN = (
    "hw_slowdown"  # set beside the two of the hardware, and alone by drivers that know no more
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """None where the GPU cannot tell.

    Attributes:
        state, reason: as the reader child judges them.
        compute, mps: how many processes have a context; how many of them through an MPS server.
        free, total: bytes of memory; of the instance that would be probed, if MIG is on.
        instance: the UUID of the first MIG instance, empty if there is none.
        xid_at: when the last Xid was reported, seconds since 1970.
    """

    state: str
    reason: str
    compute: float | None
    mps: float | None
    free: float | None
    total: float | None
    compute_mode: str
    mig: bool
    instance: str
    thermal: bool
    braked: bool
    capped: bool
    xid_at: float | None


def facts(view: GpuView) -> Facts:
    """The facts of one GPU."""
    on = view.value(mig.MODE) == 1
    instance = _instance(view) if on else None
    reasons = _set(view.labelled(clocks.EVENT_ACTIVE))
    return Facts(
        state=view.state,
        reason=view.reason,
        compute=view.value(processes.COUNT, "compute"),
        mps=view.value(processes.COUNT, "mps"),
        free=_instance_free(view, instance) if instance else view.value(memory.FREE),
        total=view.value(mig.MEMORY_TOTAL, *instance[:3])
        if instance
        else view.value(memory.TOTAL),
        compute_mode=next(iter(_set(view.labelled(modes.COMPUTE_MODE))), "default"),
        mig=on,
        instance=instance[3] if instance else "",
        thermal=bool(reasons & _THERMAL) or (_SLOWDOWN in reasons and not reasons & _POWER),
        braked=bool(reasons & _POWER),
        capped=_CAP in reasons,
        xid_at=max(view.labelled(events.XID_LAST).values(), default=None),
    )


def environment(view: GpuView) -> dict[str, str]:
    """What a baseline holds for; another driver or clocks policy makes another GPU of it."""
    info = next(iter(view.labelled(state.INFO)), None)
    told = dict(zip(state.INFO.labels, info, strict=True)) if info else {}
    numbers = {
        "sm_clock": view.value(clocks.CLOCK_MAX, "sm"),
        "memory_clock": view.value(clocks.CLOCK_MAX, "memory"),
        "power_limit": view.value(power.LIMIT, "enforced"),
        "ecc": view.value(ecc.ENABLED),
        "mig": view.value(mig.MODE),
    }
    return {
        **{name: told[name] for name in ("driver", "vbios") if told.get(name)},
        **{name: f"{value:g}" for name, value in numbers.items() if value is not None},
    }


def _set(flags: dict[tuple[str, ...], float]) -> frozenset[str]:
    return frozenset(label for (label,), value in flags.items() if value)


def _instance(view: GpuView) -> tuple[str, ...] | None:
    return min(view.labelled(mig.INSTANCE_INFO), default=None)


def _instance_free(view: GpuView, instance: tuple[str, ...]) -> float | None:
    total = view.value(mig.MEMORY_TOTAL, *instance[:3])
    used = view.value(mig.MEMORY_USED, *instance[:3])
    return None if total is None or used is None else total - used
