"""What an active probe would find on a simulated GPU: its clocks, what its faults leave of it, and how the run itself fails."""

from probes.bench_gpu import Behaviour, BenchGpu
from probes.sim.board import Board
from probes.sim.faults import ProbeFailure

_SMS = {
    "NVIDIA H200": 132,
    "NVIDIA H100 80GB HBM3": 132,
    "NVIDIA A100-SXM4-80GB": 108,
    "NVIDIA L40S": 142,
    "NVIDIA B200": 148,
}
"""Multiprocessors, from NVIDIA's data sheets."""


def bench(board: Board, probe: str, moment: float) -> BenchGpu:
    """The GPU at *moment*, for one run of *probe*."""
    model = board.model
    limits = board.effects.limits(moment)
    failures = board.effects.active(ProbeFailure, moment)
    failure = next((each.outcome for each in failures if each.probe == probe), Behaviour.NONE)
    # Alone on the GPU the probe gets the highest clock that nothing holds down.
    megahertz = model.max.sm if limits.stuck_mhz is None else limits.stuck_mhz
    return BenchGpu(
        model=model.name,
        memory_bytes=model.memory_bytes,
        memory_hertz=model.max.memory * 1e6,
        bus_bits=model.bus_bits,
        sms=_SMS[model.name],
        sm_hertz=megahertz * 1e6,
        sm_hertz_max=model.max.sm * 1e6,
        bandwidth=limits.bandwidth,
        link_bytes=limits.link_bytes,
        peer_bytes=model.nvlinks * model.nvlink_bytes or limits.link_bytes,
        mig=board.mig,
        seed=int(board.own.at(9) * 2**31),
        behaviour=Behaviour(failure),
    )
