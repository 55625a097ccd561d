"""Answers about load, memory, power, heat and clocks."""

from probes.driver import Answer
from probes.sim.board import Now, Questions, invalid, not_supported
from probes.sim.models import MIB

# nvml.h: the version of nvmlMemory_v2_t, and "no instance".
_MEMORY_V2 = 0x2000028
_NO_INSTANCE = 0xFFFFFFFF
_DRIVER_BYTES = MIB  # In use with nobody there, beside what is reserved.
_BAR1_BYTES = 1_703_936
_SAMPLE_MICROSECONDS = 100_000
_FIRST_PID = 40_000


def used_bytes(now: Now) -> int:
    """Memory in use, reserved memory excluded."""
    model = now.board.model
    free = model.memory_bytes - model.reserved_bytes - _DRIVER_BYTES
    return _DRIVER_BYTES + int(free * now.state.memory)


def utilization(now: Now) -> Answer:
    """Percent of the last sample period with any work."""
    if now.mig:
        raise not_supported("utilization under MIG")
    return {"gpu": round(now.state.busy * 100), "memory": round(now.state.controller * 100)}


def engine(now: Now) -> Answer:
    """Of an engine that nothing here uses."""
    if now.mig:
        raise not_supported("utilization under MIG")
    return [0, _SAMPLE_MICROSECONDS]


def memory(now: Now) -> Answer:
    """`nvmlMemory_v2_t`."""
    model, used = now.board.model, used_bytes(now)
    return {
        "version": _MEMORY_V2,
        "total": model.memory_bytes,
        "reserved": model.reserved_bytes,
        "free": model.memory_bytes - model.reserved_bytes - used,
        "used": used,
    }


def bar1(now: Now) -> Answer:
    """`nvmlBAR1Memory_t`."""
    total = now.board.model.bar1_bytes
    return {"bar1Total": total, "bar1Free": total - _BAR1_BYTES, "bar1Used": _BAR1_BYTES}


def processes(now: Now) -> Answer:
    """Those with a context; they share the memory evenly."""
    count = now.state.processes
    return [
        {
            "pid": _FIRST_PID + now.board.number * 100 + number,
            "usedGpuMemory": (used_bytes(now) - _DRIVER_BYTES) // count,
            "gpuInstanceId": _NO_INSTANCE,
            "computeInstanceId": _NO_INSTANCE,
        }
        for number in range(count)
    ]


def milliwatts(watts: float) -> int:
    """Power as NVML gives it."""
    return round(watts * 1000)


def enforced_limit(now: Now) -> Answer:
    """The limit that holds: the brake acts below it without changing it."""
    return milliwatts(now.board.model.watts)


def power_range(now: Now) -> Answer:
    """The limits that can be set."""
    return [milliwatts(now.board.model.min_watts), milliwatts(now.board.model.watts)]


def temperature(now: Now, sensor: int) -> Answer:
    """Of the die, the only sensor here."""
    if sensor != 0:
        raise invalid("temperature sensor")
    return round(now.state.die)


def margin(now: Now) -> Answer:
    """Degrees below the highest temperature in operation; Ada and newer."""
    if now.board.model.architecture < 8:
        raise not_supported("margin temperature")
    return now.board.model.thresholds.gpu_max - round(now.state.die)


def threshold(now: Now, kind: int) -> Answer:
    """Of `nvmlTemperatureThresholds_t`."""
    limits = now.board.model.thresholds
    known = (limits.shutdown, limits.slowdown, limits.memory_max, limits.gpu_max)
    if not 0 <= kind < len(known):
        raise not_supported("temperature threshold")
    return known[kind]


def fan(_now: Now, _number: int) -> Answer:
    """All these models are cooled by their server."""
    raise not_supported("fan")


def clock(now: Now, kind: int) -> Answer:
    """Of `nvmlClockType_t`: graphics and SM together, memory, video in step with the SMs."""
    model, mhz = now.board.model, now.state.pace.mhz
    lowest = model.max if now.state.processes else model.idle
    video = max(model.idle.video, model.max.video * mhz // model.max.sm)
    return _of_kind((mhz, mhz, lowest.memory, video), kind)


def max_clock(now: Now, kind: int) -> Answer:
    """The highest of `nvmlClockType_t`."""
    highest = now.board.model.max
    return _of_kind((highest.sm, highest.sm, highest.memory, highest.video), kind)


def _of_kind(clocks: tuple[int, ...], kind: int) -> int:
    if not 0 <= kind < len(clocks):
        raise invalid("clock type")
    return clocks[kind]


def performance_state(now: Now) -> Answer:
    """P0 with work."""
    return 0 if now.state.processes else now.board.model.idle_pstate


QUESTIONS: Questions = {
    "nvmlDeviceGetUtilizationRates": utilization,
    "nvmlDeviceGetEncoderUtilization": engine,
    "nvmlDeviceGetDecoderUtilization": engine,
    "nvmlDeviceGetJpgUtilization": engine,
    "nvmlDeviceGetOfaUtilization": engine,
    "nvmlDeviceGetMemoryInfo_v2": memory,
    "nvmlDeviceGetBAR1MemoryInfo": bar1,
    "nvmlDeviceGetComputeRunningProcesses_v3": processes,
    "nvmlDeviceGetGraphicsRunningProcesses_v3": lambda _now: [],
    "nvmlDeviceGetMPSComputeRunningProcesses_v3": lambda _now: [],
    "nvmlDeviceGetPowerUsage": lambda now: milliwatts(now.state.rate.watts),
    "nvmlDeviceGetEnforcedPowerLimit": enforced_limit,
    "nvmlDeviceGetPowerManagementDefaultLimit": enforced_limit,
    "nvmlDeviceGetPowerManagementLimitConstraints": power_range,
    "nvmlDeviceGetTotalEnergyConsumption": lambda now: milliwatts(now.state.joules(now.at)),
    "nvmlDeviceGetTemperature": temperature,
    "nvmlDeviceGetMarginTemperature": margin,
    "nvmlDeviceGetTemperatureThreshold": threshold,
    "nvmlDeviceGetNumFans": lambda _now: 0,
    "nvmlDeviceGetFanSpeed_v2": fan,
    "nvmlDeviceGetClockInfo": clock,
    "nvmlDeviceGetMaxClockInfo": max_clock,
    "nvmlDeviceGetPerformanceState": performance_state,
    "nvmlDeviceGetCurrentClocksEventReasons": lambda now: now.state.pace.reasons,
}
