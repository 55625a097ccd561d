"""A simulated GPU to probe, and probes on it without waiting for their time."""

from dataclasses import replace

import msgspec

from exporter.probing.prober import Prober
from probes.active.baseline import RUNS
from probes.active.schedule import Slot
from probes.active.task import BY_NAME
from probes.bench_gpu import Behaviour, BenchGpu

GPU = BenchGpu(
    model="NVIDIA H200",
    memory_bytes=2**37,
    memory_hertz=3.201e9,
    bus_bits=6016,
    sms=132,
    sm_hertz=1.98e9,
    sm_hertz_max=1.98e9,
    bandwidth=1.0,
    link_bytes=63e9,
    peer_bytes=450e9,
    mig=False,
    seed=1,
)


def behaving(behaviour: Behaviour) -> BenchGpu:
    """The GPU, with a child that behaves so."""
    return msgspec.structs.replace(GPU, behaviour=behaviour)


async def probe_now(prober: Prober, uuid: str, *tasks: str, gpu: BenchGpu = GPU) -> None:
    """Run *tasks* on *gpu* whatever the gate says, each in a child of its own; and skip one, for it is too early."""

    async def bench(_uuid: str, _probe: str) -> BenchGpu:
        return gpu

    ward = prober.ward
    ward.wiring = replace(ward.wiring, lab=replace(ward.wiring.lab, bench=bench))
    for task in tasks:
        assert await prober._attempt(ward.patients[uuid], BY_NAME[task], None)
    await prober._turn(Slot(uuid, tasks[0]))


def learn(prober: Prober, uuid: str, task: str) -> None:
    """Let what *task* found last be the baseline, as if it had found it in each of the first healthy runs."""
    patient = prober.ward.patients[uuid]
    record = patient.records[task]
    usual = {name: (seen.value,) * RUNS for name, seen in record.seen.items()}
    patient.records[task] = msgspec.structs.replace(record, baselines=usual)
    prober.ward.show_again(patient)
