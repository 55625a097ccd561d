"""What is simulated: which GPUs with what work, and which faults when. Read from a YAML file."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from catalog import yamlfile
from catalog.typed import Mismatch, check_word, placed, typed
from probes.sim.board import GpuSpec
from probes.sim.faults import Fault, check, parse
from probes.sim.models import MODELS
from probes.sim.workload import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A machine to simulate.

    Attributes:
        node: its name, if it has one; tells machines with the same seed apart, which then have GPUs of their own.
    """

    seed: int = 0
    node: str = ""
    gpus: tuple[GpuSpec, ...]
    faults: tuple[Fault, ...] = ()


DEFAULT = Scenario(gpus=(GpuSpec(model=MODELS["H100"]),) * 8)
"""What `--source sim` alone simulates."""


_MOST_GPUS = 1024


class _File(msgspec.Struct):
    gpus: Annotated[list[object], Meta(min_length=1)]
    seed: Annotated[int, Meta(ge=0)] = 0
    node: str = ""
    faults: list[object] = []


class _Group(msgspec.Struct):
    model: str
    count: Annotated[int, Meta(ge=1, le=_MOST_GPUS)] = 1
    workload: Profile = Profile.TRAINING
    mig: bool = False


def load(file: str) -> Scenario:
    """The scenario in *file*.

    Raises:
        ConfigError: the file cannot be read, or describes no machine; with file, line and what to mend.
    """
    document = yamlfile.load(file)
    with placed(document):
        written = typed(document.value, _File)
    gpus = tuple(itertools.islice(_gpus(document, written.gpus), _MOST_GPUS + 1))
    if len(gpus) > _MOST_GPUS:
        raise document.error(f"gpus: more than {_MOST_GPUS} are no machine", "gpus")
    faults = tuple(_faults(document, written.faults, gpus))
    return Scenario(seed=written.seed, node=written.node, gpus=gpus, faults=faults)


def _gpus(document: yamlfile.Document, written: list[object]) -> Iterator[GpuSpec]:
    for place, group in enumerate(written):
        with placed(document, "gpus", place):
            yield from _group(typed(group, _Group))


def _group(group: _Group) -> tuple[GpuSpec, ...]:
    check_word(group.model, MODELS, "model", "model")
    model = MODELS[group.model]
    if group.mig and model.mig is None:
        raise Mismatch(f"mig: {model.name} has no MIG", "mig")
    return (GpuSpec(model=model, workload=group.workload, mig=group.mig),) * group.count


def _faults(
    document: yamlfile.Document, written: list[object], gpus: tuple[GpuSpec, ...]
) -> Iterator[Fault]:
    for place, entry in enumerate(written):
        with placed(document, "faults", place):
            fault = parse(entry, len(gpus))
            check(fault, gpus[fault.gpu].model)
        yield fault
