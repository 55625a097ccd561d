"""What a child prints is believed only after it was checked."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.probe import (
    Context,
    Latency,
    Measurement,
    Order,
    Outcome,
    Probe,
    ProbeClass,
    Result,
)
from probes.active.answer import NoAnswer, read
from probes.active.peaks import completed
from probes.active.plausible import untrue
from tests.probes.active.gpus import view

ORDER = Order(
    probe=Probe.HOST_LINK,
    uuid="GPU-1",
    nonce="abc",
    probe_class=ProbeClass.B,
    budget_gpu_seconds=1.0,
)
RESULT = Result(probe=Probe.HOST_LINK, uuid="GPU-1", outcome=Outcome.SUCCESS)


def measured(value: float, peak: float | None = 100.0, name: str = "read") -> Measurement:
    """A bandwidth."""
    return Measurement(name=name, bytes_per_second=value, peak=peak, spread=0.0, repeats=1)


def test_an_answer_is_read() -> None:
    """One line to the order that was given."""
    assert read(msgspec.json.encode(RESULT) + b"\n", ORDER) == RESULT


@pytest.mark.parametrize(
    "change", [{"uuid": "GPU-2"}, {"probe": Probe.PEER_LINK}, {"version": 2}], ids=str
)
def test_an_answer_to_another_order_is_none(change: dict[str, object]) -> None:
    """Another GPU, another probe, another version of the words."""
    other = msgspec.structs.replace(RESULT, **change)

    with pytest.raises(NoAnswer, match="the answer is to"):
        read(msgspec.json.encode(other) + b"\n", ORDER)


@given(st.binary(max_size=300))
def test_whatever_is_printed_is_no_crash(printed: bytes) -> None:
    """Random bytes are refused with a reason."""
    with pytest.raises(NoAnswer) as refused:
        read(printed, ORDER)

    assert refused.value.why in ("no_line", "half_line", "two_lines", "garbage")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"measurements": (measured(101.0),)}, "above the peak"),
        ({"measurements": (measured(0.0),)}, "0 B/s"),
        ({"measurements": (measured(-1.0, None),)}, "-1 B/s"),
        ({"latencies": (Latency(name="launch", seconds=(1e-5, 0.0)),)}, "a latency of 0"),
        ({"latencies": (Latency(name="launch", seconds=(11.0,)),)}, "above 10 s"),
        ({"sms_covered": 133, "context": Context(sms=132)}, "133 SMs answered, of 132"),
        ({"verified_bytes": -1}, "below 0"),
        ({"gpu_seconds": math.inf}, "below 0"),
        ({"mismatch_count": 1}, "success with 1 wrong answers"),
    ],
)
def test_what_cannot_be_true_is_said_to_be(change: dict[str, object], complaint: str) -> None:
    """Above all a bandwidth that no hardware has."""
    assert complaint in untrue(msgspec.structs.replace(RESULT, **change))


def test_at_the_peak_is_possible() -> None:
    """Just so."""
    assert untrue(msgspec.structs.replace(RESULT, measurements=(measured(100.0),))) == ""


def test_the_link_has_the_peak_that_nvml_knows() -> None:
    """PCIe 5 with 16 lanes: 63 GB/s each way; both ways at once twice that."""
    link = (measured(55e9, None, "host_to_device"), measured(90e9, None, "both"))

    found = completed(msgspec.structs.replace(RESULT, measurements=link), view())

    assert [each.peak for each in found.measurements] == [63.008e9, 126.016e9]
    assert completed(RESULT, None) == RESULT
