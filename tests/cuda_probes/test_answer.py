"""What a run answers, with a driver that does as told: every probe, and every way in which one ends badly."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from catalog.probe import CLASSES, Limits, Order, Outcome, Probe, ProbeClass, Reason, Result
from cuda_probes import compute_integrity, memory_integrity
from cuda_probes.answer import PROBES, answer
from cuda_probes.compute_integrity import Fault
from cuda_probes.cuda_errors import FATAL
from cuda_probes.driver import initialised
from tests.cuda_probes.cuda import TEXTS, FakeCuda

_SMALL = Limits(memory_bytes=1 << 16, warm_up_seconds=0.01)


def order(probe: Probe, **changes: Any) -> Order:
    """A right order but for *changes*."""
    right = {
        "probe": probe,
        "uuid": "GPU-1",
        "peer": "GPU-2" if probe is Probe.PEER_LINK else None,
        "nonce": "ab12",
        "probe_class": min(CLASSES[probe]),
        "budget_gpu_seconds": 60.0,
        "limits": _SMALL,
        "seed": 7,
    }
    return Order(**(right | changes))


def run(
    cuda: FakeCuda,
    asked: Order,
    *,
    stopped: Callable[[], bool] = lambda: False,
    probes: Mapping[Probe, Any] = PROBES,
) -> Result:
    """The answer to *asked* on *cuda*."""
    return answer(
        asked,
        partial(initialised, cuda, TEXTS.get),
        stopped=stopped,
        clock=time.perf_counter,
        probes=probes,
    )


@pytest.mark.parametrize("probe", Probe)
def test_every_probe_succeeds_and_leaves_nothing(probe: Probe) -> None:
    """Each probe ends well; its memory and its contexts are given back."""
    cuda = FakeCuda()

    result = run(cuda, order(probe))

    assert (result.outcome, result.message) == (Outcome.SUCCESS, "")
    assert result.gpu_seconds > 0
    assert result.context.model == "Fake"
    assert not cuda.memory
    assert not cuda.opened
    assert not cuda.contexts


def test_bandwidth_has_four_directions_and_a_peak_from_attributes() -> None:
    """The peak is the memory's clock times its width, twice per clock."""
    result = run(FakeCuda(), order(Probe.MEMORY_BANDWIDTH))

    assert [m.name for m in result.measurements] == ["read", "write", "copy", "driver_copy"]
    assert {m.peak for m in result.measurements} == {1e9 * 256 * 2 / 8}
    assert all(m.repeats >= 20 for m in result.measurements)


def test_host_link_knows_no_peak() -> None:
    """CUDA does not tell what the link is."""
    result = run(FakeCuda(), order(Probe.HOST_LINK))

    assert [m.name for m in result.measurements] == ["host_to_device", "device_to_host", "both"]
    assert {m.peak for m in result.measurements} == {None}


def test_beside_a_tenant_latency_is_brief() -> None:
    """Where each launch waits for somebody else, a few are enough: each costs the tenant as much."""

    def wait(name: str, _cuda: FakeCuda) -> None:
        if name == "empty":
            time.sleep(0.003)

    result = run(FakeCuda(before_kernel=wait), order(Probe.KERNEL_LATENCY))

    assert result.outcome is Outcome.SUCCESS
    assert all(2 <= len(delay.seconds) <= 20 for delay in result.latencies)


def test_latency_keeps_every_delay() -> None:
    """A histogram needs each, not a summary."""
    result = run(FakeCuda(), order(Probe.KERNEL_LATENCY))

    assert {delay.name: len(delay.seconds) for delay in result.latencies} == {
        "launch": 200,
        "event": 60,
    }


def test_peer_link_measures_both_ways_and_single_loads() -> None:
    """A load that takes 500 ns on the GPU is told as 500 ns."""
    result = run(FakeCuda(), order(Probe.PEER_LINK))

    assert [m.name for m in result.measurements] == ["to_peer", "from_peer", "both"]
    assert set(result.latencies[0].seconds) == {5e-7}


def test_memory_integrity_counts_what_it_verified() -> None:
    """Six patterns over a tile of 64 KiB are 384 KiB."""
    result = run(FakeCuda(), order(Probe.MEMORY_INTEGRITY))

    assert result.verified_bytes == 6 << 16
    assert result.mismatch_count == 0


def test_compute_integrity_covers_every_sm() -> None:
    """The number of SMs that answered every test is told."""
    assert run(FakeCuda(), order(Probe.COMPUTE_INTEGRITY)).sms_covered == 4


@pytest.mark.parametrize("bit", [0, 31, 63])
def test_one_flipped_bit_in_memory_fails_the_run(bit: int) -> None:
    """Between writing and reading one bit changes: the run says where, what it was and what it is."""

    def flip(name: str, cuda: FakeCuda) -> None:
        if name == "pattern_verify" and cuda.launched.count(name) == 3:
            tile = next(memory for memory in cuda.memory.values() if len(memory) == 1 << 16)
            tile[8 * 1000 + bit // 8] ^= 1 << (bit % 8)

    result = run(FakeCuda(before_kernel=flip), order(Probe.MEMORY_INTEGRITY))

    assert (result.outcome, result.reason) == (Outcome.FAILED, Reason.MISMATCH)
    (wrong,) = result.mismatches
    assert (wrong.test, wrong.offset) == ("walking_bit", 8000)
    assert wrong.expected ^ wrong.found == 1 << bit
    assert result.verified_bytes == (6 << 16) - 8
    assert "walking_bit at offset 0x1f40" in result.message


def test_many_wrong_words_are_counted_and_some_told() -> None:
    """Sixteen are told one by one, all are counted."""

    def wipe(name: str, cuda: FakeCuda) -> None:
        if name == "pattern_verify" and cuda.launched.count(name) == 1:
            tile = next(memory for memory in cuda.memory.values() if len(memory) == 1 << 16)
            tile[: 1 << 15] = bytes(1 << 15)

    result = run(FakeCuda(before_kernel=wipe), order(Probe.MEMORY_INTEGRITY))

    assert result.mismatch_count == 1 << 12
    assert len(result.mismatches) == 16


@pytest.mark.parametrize("test", compute_integrity.TESTS, ids=lambda test: test.kernel)
def test_one_sm_that_computes_wrong_fails_the_run(test: compute_integrity.Arithmetic) -> None:
    """The wrong SM is named, also where no answer is known beforehand and the majority decides."""
    fault = Fault(kernel=test.kernel, sm=1, flip=1)
    probes = {Probe.COMPUTE_INTEGRITY: partial(compute_integrity.probe, fault=fault)}

    result = run(FakeCuda(), order(Probe.COMPUTE_INTEGRITY), probes=probes)

    assert (result.outcome, result.mismatch_count) == (Outcome.FAILED, 1)
    assert (result.mismatches[0].test, result.mismatches[0].sm) == (test.kernel, 1)


def test_launches_repeat_until_the_last_sm_has_answered() -> None:
    """An SM that somebody else kept busy at first is asked again; the tests that are complete are not."""
    cuda = FakeCuda()
    cuda.placed = lambda launches, block: block if launches > 2 else min(block, 2)

    result = run(cuda, order(Probe.COMPUTE_INTEGRITY))

    assert (result.outcome, result.sms_covered) == (Outcome.SUCCESS, 4)
    assert cuda.launched.count("fp32") == 3


def test_an_sm_that_never_answers_is_no_success() -> None:
    """Health of an SM that was not asked is not claimed."""
    cuda = FakeCuda()
    cuda.placed = lambda _launches, block: min(block, 2)

    result = run(cuda, order(Probe.COMPUTE_INTEGRITY))

    assert (result.outcome, result.reason) == (Outcome.ERROR, Reason.DRIVER_ERROR)
    assert "3 of 4 SMs answered integer" in result.message


BAD_DRIVERS = [
    ("cuInit", 3, 0, Reason.NO_DRIVER),
    ("cuInit", 34, 0, Reason.NO_DRIVER),
    ("cuInit", 100, 0, Reason.NO_SUCH_GPU),
    ("cuInit", 802, 0, Reason.FABRIC_NOT_READY),
    ("cuInit", 999, 0, Reason.NO_DRIVER),
    ("cuDeviceGet", 101, 0, Reason.NO_SUCH_GPU),
    ("cuCtxCreate", 46, 0, Reason.CONTEXT_REFUSED),
    ("cuCtxCreate", 2, 0, Reason.OUT_OF_MEMORY),
    ("cuCtxCreate", 802, 0, Reason.FABRIC_NOT_READY),
    ("cuModuleLoadDataEx", 222, 0, Reason.DRIVER_TOO_OLD),
    ("cuMemAlloc", 2, 0, Reason.OUT_OF_MEMORY),
    ("cuMemAlloc", 2, 1, Reason.OUT_OF_MEMORY),
    ("cuEventSynchronize", 700, 2, Reason.STICKY_ERROR),
    ("cuEventSynchronize", 719, 2, Reason.STICKY_ERROR),
    ("cuEventSynchronize", 214, 2, Reason.UNCORRECTABLE_ECC),
    ("cuEventSynchronize", 999, 2, Reason.GPU_LOST),
    ("cuLaunchKernel", 46, 3, Reason.GPU_LOST),
    ("cuMemcpyDtoH", 999, 1, Reason.GPU_LOST),
]


@pytest.mark.parametrize(("routine", "code", "after", "reason"), BAD_DRIVERS)
def test_every_bad_driver_is_a_reason(routine: str, code: int, after: int, reason: Reason) -> None:
    """What the driver answers becomes an outcome with a reason, and the message quotes it."""
    cuda = FakeCuda((routine, code), after=after)

    result = run(cuda, order(Probe.MEMORY_INTEGRITY))

    assert (result.outcome, result.reason) == (Outcome.ERROR, reason)
    assert f"{routine} failed: {TEXTS[code]}" in result.message
    assert f"(CUDA error {code})" in result.message
    if reason not in FATAL:  # after those only the end of the process gives anything back
        assert not cuda.memory
        assert not cuda.opened


def test_an_unknown_error_is_quoted() -> None:
    """A code that nobody has thought of is still an outcome."""
    cuda = FakeCuda(("cuModuleLoadDataEx", 217))

    result = answer(
        order(Probe.MEMORY_INTEGRITY),
        partial(initialised, cuda, lambda _code: None),
        clock=time.perf_counter,
    )

    assert result.reason is Reason.DRIVER_ERROR
    assert TEXTS[217] in result.message


def test_a_stopped_run_ends_between_launches() -> None:
    """After SIGTERM what is queued still runs, nothing more is launched, and everything is given back."""
    cuda = FakeCuda()
    asked = order(Probe.MEMORY_BANDWIDTH)

    result = run(cuda, asked, stopped=lambda: len(cuda.launched) >= 5)

    assert result.reason is Reason.INTERRUPTED
    assert len(cuda.launched) < 5 + 16
    assert not cuda.memory
    assert not cuda.opened


def test_a_run_ends_rather_than_overspend() -> None:
    """A budget that is too small is a reason, not a longer run."""
    result = run(FakeCuda(), order(Probe.MEMORY_BANDWIDTH, budget_gpu_seconds=1e-9))

    assert result.reason is Reason.OVER_BUDGET


def test_a_small_gpu_has_no_room_for_the_bandwidth_probe() -> None:
    """The message says how much is needed and how much there is."""
    cuda = FakeCuda()
    cuda.free = 1 << 30

    result = run(cuda, order(Probe.MEMORY_BANDWIDTH, limits=Limits(warm_up_seconds=0.01)))

    assert result.reason is Reason.OUT_OF_MEMORY
    assert "4096 MiB are needed" in result.message


def test_a_sweep_leaves_a_tenth_free() -> None:
    """A sweep takes what is free down to 4 GiB or a tenth, whichever is more; here nothing may be taken."""
    cuda = FakeCuda()
    cuda.free = 4 << 30

    result = run(
        cuda,
        order(Probe.MEMORY_INTEGRITY, probe_class=ProbeClass.B, limits=Limits(warm_up_seconds=0)),
    )

    assert result.reason is Reason.OUT_OF_MEMORY
    assert "less than 1 GiB may be taken" in result.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"probe_class": ProbeClass.A}, "does not run in class A"),
        ({"probe": Probe.PEER_LINK, "peer": None}, "name it as the peer"),
    ],
)
def test_an_impossible_order_touches_no_gpu(changes: dict[str, Any], words: str) -> None:
    """It is refused before the driver is loaded."""
    cuda = FakeCuda(("cuInit", 999))

    result = run(cuda, order(changes.pop("probe", Probe.HOST_LINK), **changes))

    assert result.reason is Reason.BAD_ORDER
    assert words in result.message


def test_gpus_that_cannot_reach_each_other_are_a_reason() -> None:
    """Peer access is asked for before anything is copied."""
    result = run(FakeCuda(peers=False), order(Probe.PEER_LINK))

    assert result.reason is Reason.NO_PEER_ACCESS


def test_a_missing_peer_is_no_such_gpu() -> None:
    """CUDA shows one GPU where two were asked for."""
    assert run(FakeCuda(gpus=1), order(Probe.PEER_LINK)).reason is Reason.NO_SUCH_GPU


def test_a_bug_is_an_outcome_too() -> None:
    """Whatever a probe raises, there is a result."""

    def broken(_run: object) -> None:
        raise ZeroDivisionError("by nought")

    result = run(FakeCuda(), order(Probe.HOST_LINK), probes={Probe.HOST_LINK: broken})

    assert result.reason is Reason.INTERNAL
    assert "by nought" in result.message


def test_patterns_differ_and_are_inverted() -> None:
    """Each pattern has its inverse, so that every bit is written both ways."""
    names = {pattern.name for pattern in memory_integrity.PATTERNS}

    assert names == {
        f"{name}{inverse}"
        for name in ("address", "walking_bit", "random")
        for inverse in ("", "_inverted")
    }
