"""A driver that refuses: what it keeps to itself is absent, and named."""

from collections.abc import Mapping, Sequence

import pytest

from catalog.errors import DriverError
from catalog.metric import Sample
from probes.collectors import COLLECTORS, Collector
from probes.driver import FIELDS, Answer, Device, Return
from probes.nvml_gpu import NvmlGpu
from probes.reading import Reader
from tests.probes.devices import SYSTEM, FakeDriver, rich

_REFUSED = "no_permission"


class Strict:
    """A GPU that refuses one question, or one field; it remembers what it was asked."""

    def __init__(self, refused: str) -> None:
        self.index = 0
        self.asked: set[str] = set()
        self._device = rich()
        self._refused = refused

    def ask(self, question: str, *args: int) -> Answer:
        self.asked.add(question)
        if question == self._refused:
            raise DriverError(Return.NO_PERMISSION, f"{question}: Insufficient Permissions")
        answer = self._device.ask(question, *args)
        if question != FIELDS:
            return answer
        rows: Sequence[Answer] = answer  # type: ignore[assignment] # one row per field
        names = [f"field {field}" for field in args[::2]]
        self.asked.update(names)
        pairs = zip(names, rows, strict=True)
        return [[Return.NO_PERMISSION, 0, 0] if n == self._refused else row for n, row in pairs]

    def mig_devices(self) -> Sequence[Device]:
        return self._device.mig_devices()


def readings(device: Strict) -> Mapping[Collector, tuple[list[Sample], set[tuple[str, str]]]]:
    """Samples and failures of each collector."""
    gpu = NvmlGpu(FakeDriver([device], SYSTEM), device, "node-7")
    reader = Reader(gpu, gpu.asker, {}, lambda: 0.0)
    outcomes = {collector: reader.read([collector]) for collector in COLLECTORS}
    return {c: (found.samples, set(found.failures)) for c, found in outcomes.items()}


ALL = Strict("")
FREELY = readings(ALL)
"""What is read where nothing is refused."""
IDENTITY = frozenset({"nvmlDeviceGetUUID"})
"""Without it a GPU has no name, and there is nothing to hang a reading on."""


@pytest.mark.parametrize("question", sorted(ALL.asked - IDENTITY))
def test_what_is_refused_is_absent_and_named(question: str) -> None:
    """No sample is made up, none of another question is lost with it, and the collector that asked says so."""
    strict = Strict(question)

    found = readings(strict)

    assert question in strict.asked
    denied = [c for c, (_, failures) in found.items() if (c.name, _REFUSED) in failures]
    assert denied
    for collector, (samples, failures) in found.items():
        assert {reason for _, reason in failures} <= {_REFUSED}
        freely = FREELY[collector][0]
        if (
            collector.name == "identity"
        ):  # whose one sample has a label for each thing that it asks
            assert len(samples) == 1
        elif collector in denied:
            assert all(sample in freely for sample in samples), collector.name
        else:
            assert samples == freely


def test_a_part_of_the_identity_that_is_refused_is_an_empty_label() -> None:
    """The others are still there."""
    (collector,) = (collector for collector in COLLECTORS if collector.name == "identity")

    ((refused,), _) = readings(Strict("nvmlDeviceGetSerial"))[collector]
    ((freely,), _) = FREELY[collector]

    different = {
        name: (now, before)
        for name, now, before in zip(
            refused.metric.labels, refused.labels, freely.labels, strict=True
        )
        if now != before
    }
    assert different == {"serial": ("", "1650000000001")}
