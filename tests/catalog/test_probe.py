"""The two lines that the exporter and its probe child exchange."""

import json

import msgspec
import pytest

from catalog.probe import CLASSES, Order, Outcome, Probe, ProbeClass, Reason, Result, process_name

LINE = (
    b'{"probe": "memory-bandwidth", "uuid": "GPU-1", "seed": 123, "nonce": "ab12", "class": "B",'
    b' "budget_gpu_seconds": 1.0, "limits": {"memory_bytes": 1024}}'
)


def test_an_order_is_one_object() -> None:
    """What a person would write is what the child reads; what is left out has a default."""
    order = msgspec.json.decode(LINE, type=Order)

    assert order.probe is Probe.MEMORY_BANDWIDTH
    assert order.probe_class is ProbeClass.B
    assert order.limits.memory_bytes == 1024
    assert order.limits.launch_seconds == 0.002
    assert order.peer is None


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "a b"},
        {"nonce": ""},
        {"nonce": "a" * 13},
        {"probe": "x"},
        {"sed": 1},
        {"class": "C"},
    ],
    ids=str,
)
def test_a_wrong_order_is_refused(change: dict[str, object]) -> None:
    """An unknown word, an unknown key, a nonce that no process name can hold: none is an order."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(json.loads(LINE) | change), type=Order)


def test_a_result_survives_its_line() -> None:
    """Writing and reading give the same result, in one line."""
    result = Result(
        probe=Probe.HOST_LINK, uuid="GPU-1", outcome=Outcome.ERROR, reason=Reason.GPU_LOST
    )

    line = msgspec.json.encode(result)

    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Result) == result


def test_the_kernel_keeps_the_whole_name() -> None:
    """The longest nonce still fits into what Linux keeps of a process name."""
    assert process_name("a" * 12) == "gv-" + "a" * 12


def test_every_probe_has_a_class() -> None:
    """No probe is left without a place in the schedule."""
    assert set(CLASSES) == set(Probe)
