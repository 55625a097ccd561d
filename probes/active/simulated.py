"""The simulated probe child: `python -P -m probes.active.simulated`. A real process that measures a simulated GPU in real time.

It reads one line, an order and the GPU that it finds; it answers as `cuda_probes.child` does, or fails as it is told to.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from catalog.probe import (
    Context,
    Latency,
    Measurement,
    Mismatch,
    Order,
    Outcome,
    Probe,
    Reason,
    Result,
    process_name,
)
from probes.bench_gpu import Behaviour, BenchGpu

_READ, _WRITE, _COPY, _DRIVER = 0.965, 0.83, 0.80, 0.88
"""Shares of the peak, near what a probe's prototype gave on an H200."""
_LINK, _BOTH = 0.877, 1.6
"""Share of a link's peak; both ways at once, as a multiple of one way."""
_NOISE = 0.002
_LAUNCH, _LAUNCHES = 12.5e-6, 200
_SM_BOUND = 2.4
"""At less than 1 over this of the highest SM clock, the SMs no longer keep the memory busy."""
_TILE, _SWEEP = 64 * 1024**2, 4 * 1024**3
_FLOOD = 100 * 1024**2
_FOR_EVER = 3600.0
_SECONDS = {
    Probe.KERNEL_LATENCY: 0.02,
    Probe.MEMORY_INTEGRITY: 0.005,
    Probe.COMPUTE_INTEGRITY: 0.005,
    Probe.MEMORY_BANDWIDTH: 0.2,
    Probe.HOST_LINK: 0.2,
    Probe.PEER_LINK: 0.1,
}


class SimulatedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the child reads."""

    order: Order
    gpu: BenchGpu


def result(asked: SimulatedOrder) -> Result:
    """What the probe finds."""
    order, gpu = asked.order, asked.gpu
    noise = random.Random(f"{gpu.seed} {order.seed} {order.probe}")
    if gpu.behaviour is Behaviour.ERROR:
        return _of(asked, Outcome.ERROR, reason=Reason.DRIVER_ERROR, message="simulated error")
    wrong = _wrong(asked, noise)
    if wrong:
        message = f"{wrong.test}: found {wrong.found:#x} in place of {wrong.expected:#x}"
        return msgspec.structs.replace(
            _of(asked, Outcome.FAILED, reason=Reason.MISMATCH, message=message),
            mismatches=(wrong,),
            mismatch_count=1,
        )
    return msgspec.structs.replace(
        _of(asked, Outcome.SUCCESS),
        measurements=tuple(_measurements(asked, noise)),
        latencies=tuple(_latencies(asked, noise)),
        sms_covered=gpu.sms if order.probe is Probe.COMPUTE_INTEGRITY else None,
        verified_bytes=_verified(order),
    )


def _of(
    asked: SimulatedOrder, outcome: Outcome, *, reason: Reason = Reason.NONE, message: str = ""
) -> Result:
    gpu = asked.gpu
    return Result(
        probe=asked.order.probe,
        uuid=asked.order.uuid,
        peer=asked.order.peer,
        outcome=outcome,
        reason=reason,
        message=message,
        gpu_seconds=_SECONDS[asked.order.probe],
        context=Context(
            cuda="13.0",
            model=gpu.model,
            sms=gpu.sms,
            memory_bytes=gpu.memory_bytes,
            memory_hertz=gpu.memory_hertz,
            bus_bits=gpu.bus_bits,
            sm_hertz_before=gpu.sm_hertz,
            sm_hertz_after=gpu.sm_hertz,
            settled=True,
        ),
    )


def _measurements(asked: SimulatedOrder, noise: random.Random) -> Iterator[Measurement]:
    gpu, probe = asked.gpu, asked.order.probe
    peak: float | None
    if probe is Probe.MEMORY_BANDWIDTH:
        starved = min(1.0, _SM_BOUND * gpu.sm_hertz / gpu.sm_hertz_max)
        shares = {"read": _READ, "write": _WRITE, "copy": _COPY, "driver_copy": _DRIVER}
        peak = top = gpu.memory_hertz * gpu.bus_bits * 2 / 8
        given = {name: top * share * gpu.bandwidth * starved for name, share in shares.items()}
    elif probe is Probe.HOST_LINK:
        peak, one = None, gpu.link_bytes * _LINK
        given = {"host_to_device": one, "device_to_host": one * 0.997, "both": one * _BOTH}
    elif probe is Probe.PEER_LINK:
        peak, one = None, gpu.peer_bytes * _LINK
        given = {"to_peer": one, "from_peer": one, "both": one * _BOTH}
    else:
        return
    factor = {Behaviour.DEGRADED: 0.5, Behaviour.ABOVE_PEAK: 2.0}.get(gpu.behaviour, 1.0)
    for name, value in given.items():
        yield Measurement(
            name=name,
            bytes_per_second=value * factor * noise.gauss(1, _NOISE),
            peak=None if gpu.mig else peak,
            spread=_NOISE,
            repeats=10,
        )


def _latencies(asked: SimulatedOrder, noise: random.Random) -> Iterator[Latency]:
    gpu = asked.gpu
    if asked.order.probe is not Probe.KERNEL_LATENCY:
        return
    slow = 0.7 + 0.3 * gpu.sm_hertz_max / gpu.sm_hertz
    factor = slow * (3.0 if gpu.behaviour is Behaviour.DEGRADED else 1.0)
    delays = (_LAUNCH * factor * noise.lognormvariate(0, 0.08) for _ in range(_LAUNCHES))
    yield Latency(name="launch", seconds=tuple(delays))


def _wrong(asked: SimulatedOrder, noise: random.Random) -> Mismatch | None:
    if asked.gpu.behaviour is not Behaviour.FAILED:
        return None
    right = noise.getrandbits(32)
    memory = asked.order.probe is not Probe.COMPUTE_INTEGRITY
    return Mismatch(
        test="address" if memory else "fp32",
        offset=4 * noise.randrange(_TILE // 4) if memory else None,
        sm=None if memory else noise.randrange(asked.gpu.sms),
        expected=right,
        found=right ^ (1 << noise.randrange(32)),
    )


def _verified(order: Order) -> int:
    if order.probe is not Probe.MEMORY_INTEGRITY:
        return 0
    return _TILE if order.probe_class == "A" else _SWEEP


def _misbehave(behaviour: Behaviour, line: bytes) -> bytes:
    """What is printed in place of *line*, if the process gets that far."""
    if behaviour is Behaviour.HANG:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if behaviour in (Behaviour.HANG, Behaviour.TIMEOUT):
        time.sleep(_FOR_EVER)
    if behaviour is Behaviour.CRASH:
        os.kill(os.getpid(), signal.SIGSEGV)
    return {
        Behaviour.GARBAGE: b"\xff\x00{not a result}\n",
        Behaviour.HALF_LINE: line[: len(line) // 2],
        Behaviour.TWO_LINES: line + line,
        Behaviour.NO_LINE: b"",
    }.get(behaviour, line)


def main() -> None:
    """Answer one order."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=SimulatedOrder)
    Path("/proc/self/comm").write_text(process_name(asked.order.nonce), encoding="utf-8")
    time.sleep(_SECONDS[asked.order.probe])
    line = _misbehave(asked.gpu.behaviour, msgspec.json.encode(result(asked)) + b"\n")
    if asked.gpu.behaviour is Behaviour.FLOOD:
        line = b"x" * _FLOOD
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
