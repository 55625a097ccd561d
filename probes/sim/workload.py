"""What the programs on a GPU would do if nothing held it back: a function of seed, GPU and time."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from probes.sim.noise import Noise


class Profile(StrEnum):
    """What kind of work a GPU has."""

    TRAINING = "training"
    INFERENCE = "inference"
    IDLE = "idle"
    BATCH = "batch"


class Demand(NamedTuple):
    """Shares from 0 to 1 of what the GPU could do at full clocks.

    Attributes:
        sm, occupancy, tensor, dram, fp64, fp32, fp16: as GPM means them.
        copy: of the time, a copy engine working.
        receive, transmit: of the PCIe link, into the GPU and out of it.
        nvlink: of all NVLinks, each way.
        memory: of the memory that programs can have.
        processes: how many hold a context.
    """

    sm: float = 0.0
    occupancy: float = 0.0
    tensor: float = 0.0
    dram: float = 0.0
    fp64: float = 0.0
    fp32: float = 0.0
    fp16: float = 0.0
    copy: float = 0.0
    receive: float = 0.0
    transmit: float = 0.0
    nvlink: float = 0.0
    memory: float = 0.0
    processes: int = 0


_NOTHING = Demand()
_DAY = 86_400.0
_CHECKPOINT_EVERY, _CHECKPOINT_TAKES = 600.0, 20.0
_BATCH_SLOT, _BATCH_LOAD, _BATCH_GAP = 900.0, 20.0, 60.0


def workload(profile: Profile, seed: int, gpu: int) -> Callable[[float], Demand]:
    """The demand on one GPU over time; GPUs with the same seed train in step."""
    demand, job, own = _PROFILES[profile], Noise(seed, -1), Noise(seed, gpu)
    return lambda moment: demand(moment, job, own)


def _idle(_moment: float, _job: Noise, _own: Noise) -> Demand:
    return _NOTHING


def _training(moment: float, job: Noise, own: Noise) -> Demand:
    """Steps of matrix products and all-reduces, now and then a wait for data, every ten minutes a checkpoint."""
    if moment % _CHECKPOINT_EVERY < _CHECKPOINT_TAKES:
        return Demand(
            sm=0.04, occupancy=0.01, dram=0.03, copy=0.9, transmit=0.55, memory=0.85, processes=1
        )
    pace = 0.4 if job.at(int(moment // 15)) < 0.05 else 1.0  # waits for data
    step = job.smooth(moment, 4.0)
    wobble = own.at(int(moment * 2))
    return Demand(
        sm=pace * (0.9 + 0.08 * wobble),
        occupancy=pace * (0.22 + 0.08 * step),
        tensor=pace * (0.55 + 0.35 * step + 0.05 * wobble),
        dram=pace * (0.35 + 0.2 * (1 - step)),
        fp32=0.05 * pace,
        fp16=0.08 * pace,
        copy=0.15,
        receive=0.03 + 0.04 * wobble,
        transmit=0.01 + 0.01 * wobble,
        nvlink=pace * (0.25 + 0.3 * (1 - step)),
        memory=0.85,
        processes=1,
    )


def _inference(moment: float, _job: Noise, own: Noise) -> Demand:
    """Requests that come and go, more by day than by night; reading weights costs more than computing."""
    day = 0.5 + 0.5 * math.sin(2 * math.pi * moment / _DAY)
    load = 0.1 + 0.5 * own.smooth(moment, 20.0) + 0.3 * day
    return Demand(
        sm=0.85 * load,
        occupancy=0.3 * load,
        tensor=0.35 * load,
        dram=0.8 * load,
        fp32=0.05 * load,
        fp16=0.1 * load,
        copy=0.2 * load,
        receive=0.02 * load,
        transmit=0.03 * load,
        nvlink=0.1 * load,
        memory=0.85 + 0.07 * own.smooth(moment, 120.0),
        processes=1 + int(own.at(int(moment // 3600)) * 2),
    )


def _batch(moment: float, _job: Noise, own: Noise) -> Demand:
    """Jobs of a quarter of an hour, most slots taken: load the data, compute (half of them in FP64), leave."""
    slot, since = divmod(moment, _BATCH_SLOT)
    draw = own.at(int(slot))
    if draw < 0.3 or since > _BATCH_SLOT - _BATCH_GAP:
        return _NOTHING
    memory = 0.2 + 0.6 * draw
    if since < _BATCH_LOAD:
        filled = memory * since / _BATCH_LOAD
        return Demand(copy=0.8, receive=0.7, dram=0.05, memory=filled, processes=1)
    effort = 0.5 + 0.4 * draw + 0.1 * own.at(int(moment * 2))
    double = own.at(-1 - int(slot)) < 0.5
    return Demand(
        sm=0.95 * effort,
        occupancy=0.5 * effort,
        tensor=0.0 if double else 0.5 * effort,
        dram=0.6 * effort,
        fp64=0.5 * effort if double else 0.0,
        fp32=0.1 * effort,
        copy=0.05,
        receive=0.01,
        transmit=0.02,
        memory=memory,
        processes=1,
    )


_PROFILES: dict[Profile, Callable[[float, Noise, Noise], Demand]] = {
    Profile.TRAINING: _training,
    Profile.INFERENCE: _inference,
    Profile.IDLE: _idle,
    Profile.BATCH: _batch,
}
