"""MIG: a GPU cut into the smallest instances of its model, each with its share of the memory in use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from probes.driver import Answer
from probes.sim.board import Board, Now, not_supported, uuid
from probes.sim.models import Mig
from probes.sim.vitals import used_bytes

_FIRST_INSTANCE = 7  # The driver numbers the smallest instances from here.


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a GPU, of one compute instance."""

    board: Board
    profile: Mig
    number: int

    def answer(self, now: Now, question: str) -> Answer:
        """What it answers; the rest is for the whole GPU only."""
        respond = _QUESTIONS.get(question)
        if respond is None:
            raise not_supported(f"{question} of a MIG instance")
        return respond(self, now)


def instances(board: Board, moment: float) -> Iterator[Instance]:
    """The instances of a GPU at *moment*, none if MIG is off."""
    profile = board.model.mig
    if profile and board.effects.mig(moment, board.mig):
        yield from (Instance(board, profile, number) for number in range(profile.count))


def _memory(instance: Instance, now: Now) -> Answer:
    total = instance.profile.memory_bytes
    used = total * used_bytes(now) // instance.board.model.memory_bytes
    return {"version": 0, "total": total, "reserved": 0, "free": total - used, "used": used}


def _attributes(instance: Instance, _now: Now) -> Answer:
    return {
        "multiprocessorCount": instance.profile.multiprocessors,
        "gpuInstanceSliceCount": 1,
        "computeInstanceSliceCount": 1,
    }


_QUESTIONS: Mapping[str, Callable[[Instance, Now], Answer]] = {
    "nvmlDeviceGetName": lambda instance, _now: (
        f"{instance.board.model.name} MIG {instance.profile.profile}"
    ),
    "nvmlDeviceGetUUID": lambda instance, _now: (
        f"MIG-{uuid(instance.board.own, 100 + 2 * instance.number)}"
    ),
    "nvmlDeviceGetGpuInstanceId": lambda instance, _now: _FIRST_INSTANCE + instance.number,
    "nvmlDeviceGetComputeInstanceId": lambda _instance, _now: 0,
    "nvmlDeviceGetMemoryInfo_v2": _memory,
    "nvmlDeviceGetAttributes_v2": _attributes,
}
