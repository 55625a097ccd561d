"""Scenario files of the simulator, and the machine that each describes."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from probes.sim import scenario
from probes.sim.faults import KINDS
from probes.sim.models import MODELS
from tests.fuzz.target import Target, refusal_allowed

_FOLDER = tempfile.TemporaryDirectory(prefix="gpuvitals-fuzz-")


def one(data: bytes) -> None:
    """A scenario, or one error of ours."""
    file = Path(_FOLDER.name) / "scenario.yaml"
    file.write_bytes(data)
    with refusal_allowed():
        scenario.load(str(file))


def seeds() -> Iterator[bytes]:
    """Every model, every fault."""
    yield b"seed: 7\nnode: n1\ngpus:\n- {model: H100, count: 8, workload: inference, mig: true}\n"
    for model in MODELS:
        yield f"gpus: [{{model: {model}}}]\n".encode()
    for kind in KINDS:
        yield (
            f"gpus:\n- model: H200\nfaults:\n- {{gpu: 0, kind: {kind}, at: 5, seconds: 1.5, code: 79}}\n"
            f"- gpu: 0\n  kind: {kind}\n".encode()
        )


TARGET = Target(name="scenario", one=one, seeds=seeds, share=50)
